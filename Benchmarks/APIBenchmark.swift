import ArgumentParser
import ClusterModel
import Glibc
import SwiftProtobuf
import WarrenAPI

/// Services created a second over the socket of a running daemon, each durable before it is answered; beside synced appends to the same disk.
struct APIBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "api", abstract: "Services created a second over the API, with 0 replicas.")

  @Option(help: "The daemon's socket.") var socket = "/run/warren/warren.sock"
  @Option(help: "The daemon's process: how much processor time a creation takes it.") var daemon: Int
  @Option(help: "A directory on the daemon's disk.") var directory = "/var/tmp"
  @Option(help: "How many services each measurement creates (and deletes again, untimed).") var services = 500
  @Option(help: "Numbers of concurrent callers.") var callers = [1, 16]

  /// What one measurement found; times in microseconds.
  private struct Finding {
    var rate: Double
    /// From the shortest to the longest.
    var latencies: [Int]
    /// Processor time of the daemon and of the caller for one creation.
    var daemon: Double
    var caller: Double
  }

  func run() async throws {
    print("callers   creates/s    p50 µs    p99 µs  daemon's cpu µs  caller's cpu µs  synced appends/s")
    for count in callers {
      let limit = try SyncedAppends.perSecond(in: directory, for: .seconds(1))
      let found = try await WarrenClient.connected(to: socket) { try await create($0, callers: count) }
      let columns = [
        "\(count)".leftPadded(7), "\(Int(found.rate))".leftPadded(12), "\(found.latencies[found.latencies.count / 2])".leftPadded(10),
        "\(found.latencies[found.latencies.count * 99 / 100])".leftPadded(10), "\(Int(found.daemon))".leftPadded(17),
        "\(Int(found.caller))".leftPadded(17), "\(Int(limit))".leftPadded(18),
      ]
      print(columns.joined())
    }
  }

  private func create(_ client: WarrenClient, callers: Int) async throws -> Finding {
    let clock = ContinuousClock()
    let (daemonBefore, callerBefore) = (try ProcessorTime.of(process: daemon), ProcessorTime.ofThisProcess())
    let start = clock.now
    let made = try await withThrowingTaskGroup(of: [(id: String, micros: Int)].self) { group in
      for caller in 0..<callers {
        group.addTask {
          var made: [(String, Int)] = []
          for number in 0..<services / callers {
            let begin = clock.now
            let request = Warren_V1_CreateServiceRequest.with {
              $0.spec.name = "bench-\(callers)-\(caller)-\(number)"
              $0.spec.replicated.replicas = 0
              $0.spec.task.container.image = "nginx"
              // Of this run: what a former one created was deleted.
              $0.requestID = "\($0.spec.name)-\(getpid())"
            }
            let response = try await client.call { try await $0.createService(request) }
            made.append((response.service.id, Int((clock.now - begin).nanoseconds / 1000)))
          }
          return made
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    let seconds = Double((clock.now - start).nanoseconds) / 1e9
    let count = Double(made.count)
    let finding = Finding(
      rate: count / seconds, latencies: made.map(\.micros).sorted(),
      daemon: (try ProcessorTime.of(process: daemon) - daemonBefore) / count,
      caller: (ProcessorTime.ofThisProcess() - callerBefore) / count)
    for service in made { _ = try await client.call { stub in try await stub.deleteService(.with { $0.id = service.id }) } }
    return finding
  }
}

extension String {
  func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
