import ArgumentParser
import ClusterModel
import TestKit

/// Puts a second and how long each takes, for a group of three members that is running, ours or etcd's. Clients are spread over the members.
struct RaftLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "raft-load", abstract: "Load a running group through gRPC: etcd's KV.Put.", shouldDisplay: false)

  @Option(help: "Where the members listen for clients.") var ports: [Int]
  @Option(help: "The members' processes.") var processes: [Int] = []
  @Option var clients: Int
  @Option var seconds = 5
  @Option(help: "Seconds of the same load before they are counted.") var warmUp = 0
  @Option(help: "Bytes of a value.") var size = 200
  @Option(help: "Different keys that each client writes.") var keys = 1000
  @Option(help: "What the line begins with.") var label = ""

  func run() async throws {
    let connections = ports.map { KeyValueClient(port: $0) }
    for connection in connections {
      try await eventually("a member takes a write", within: .seconds(30)) {
        (try? await connection.put(key: [1], value: [1], timeout: .seconds(2))) != nil
      }
    }
    if warmUp > 0 { _ = try await puts(connections, for: .seconds(warmUp)) }
    let before = try processes.reduce(0) { $0 + (try ProcessorTime.of(process: $1)) }
    let clock = ContinuousClock()
    let start = clock.now
    let times = try await puts(connections, for: .seconds(seconds))
    let elapsed = Double((clock.now - start).nanoseconds) / 1e9
    let used = try processes.reduce(0) { $0 + (try ProcessorTime.of(process: $1)) } - before
    let perHundredThousand = times.isEmpty ? 0 : used / Double(times.count) * 100_000 / 1e6
    let columns = [
      label, "\(clients)", "\(Int(Double(times.count) / elapsed))", "\(times[times.count / 2])", "\(times[times.count * 99 / 100])",
      processes.isEmpty ? "-" : "\((perHundredThousand * 10).rounded() / 10)",
    ]
    print(columns.joined(separator: "\t"))
    for connection in connections { await connection.close() }
  }

  /// - Returns: how many microseconds each took, sorted.
  private func puts(_ connections: [KeyValueClient], for time: Duration) async throws -> [Int64] {
    let clock = ContinuousClock()
    let end = clock.now + time
    return try await withThrowingTaskGroup(of: [Int64].self) { group in
      for number in 0..<clients {
        group.addTask {
          let connection = connections[number % connections.count]
          let value = [UInt8](repeating: UInt8(number & 0xff), count: size)
          var times: [Int64] = []
          var round = 0
          while clock.now < end {
            let begin = clock.now
            try await connection.put(key: Array("k\(number)-\(round % keys)".utf8), value: value)
            times.append((clock.now - begin).nanoseconds / 1000)
            round += 1
          }
          return times
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }.sorted()
    }
  }
}
