import ArgumentParser
import ClusterModel
import SwiftProtobuf
import WarrenAPI

/// How long changes stand still while something happens to the managers.
struct WriteGap: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gap", abstract: "Create services one after the other; print the longest time between two that were acknowledged.")

  @Option(help: "A daemon's socket.") var socket = "/run/warren/warren.sock"
  @Option(help: "Tells the names of one run from another's.") var prefix: String
  @Option(help: "For how long, in seconds.") var seconds = 5

  func run() async throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var longest = Duration.zero
    var made = 0
    // One call waits out an election, as a person's command does.
    try await WarrenClient.connected(to: socket, patience: .seconds(30)) { client in
      var last = clock.now
      while clock.now < end {
        let request = Warren_V1_CreateServiceRequest.with {
          $0.spec.name = "\(prefix)-\(made)"
          $0.spec.replicated.replicas = 0
          $0.spec.task.container.image = "nginx"
          $0.requestID = $0.spec.name
        }
        _ = try await client.call { try await $0.createService(request) }
        let now = clock.now
        if made > 0 { longest = max(longest, now - last) }
        last = now
        made += 1
      }
    }
    print("longest_ms \(longest.nanoseconds / 1_000_000) acknowledged \(made)")
  }
}
