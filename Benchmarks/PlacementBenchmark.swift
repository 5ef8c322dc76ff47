import ArgumentParser
import ClusterModel
import Foundation
import Logging
import NIOConcurrencyHelpers
import SwiftProtobuf
import WarrenAPI

/// Many services on many workers that only say that they run something: what managers can do.
struct PlacementBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "placement", abstract: "Create services for simulated workers, until all of their tasks run.")

  @Option(help: "The socket of a daemon on this machine.") var socket = "/run/warren/warren.sock"
  @Option(help: "HOST:PORT of the API that workers join at.") var manager: String
  @Option(help: "A worker's token.") var token: String
  @Option(help: "The leader's process, whose memory is printed.") var daemon: Int
  @Option var workers = 50
  @Option var services = 1000
  @Option var replicas = 3
  @Option(help: "Concurrent callers.") var callers = 16

  func run() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("warren-placement-\(getpid())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (ready, sink) = AsyncStream.makeStream(of: Void.self)
      for number in 0..<workers {
        let worker = SimulatedWorker(id: NodeID("sim-\(number)"), manager: manager, token: token, directory: directory)
        // One after the other: a manager takes only so many strangers of one address at once.
        let member = try await worker.join()
        group.addTask { try await worker.run(member) { sink.yield() } }
      }
      var waiting = ready.makeAsyncIterator()
      for _ in 0..<workers { await waiting.next() }
      try await WarrenClient.connected(to: socket) { try await measure($0) }
      group.cancelAll()
      while (try? await group.next()) != nil {}
    }
  }

  private func measure(_ client: WarrenClient) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    async let running = untilAllRun(client, clock)
    let latencies = try await create(client, clock).sorted()
    let created = clock.now - start
    let nodes = try await running
    let placed = clock.now - start
    print("services \(services) x \(replicas) on \(workers) workers")
    print(
      "created after_ms \(milliseconds(created)) p50_ms \(milliseconds(latencies[latencies.count / 2])) p99_ms \(milliseconds(latencies[latencies.count * 99 / 100]))"
    )
    print("all_running after_ms \(milliseconds(placed)) tasks_per_node \(nodes.values.min() ?? 0)-\(nodes.values.max() ?? 0)")
    print("memory_mib \(try memory())")
  }

  private func create(_ client: WarrenClient, _ clock: ContinuousClock) async throws -> [Duration] {
    try await withThrowingTaskGroup(of: [Duration].self) { group in
      for caller in 0..<callers {
        group.addTask {
          var latencies: [Duration] = []
          for number in stride(from: caller, to: services, by: callers) {
            let request = Warren_V1_CreateServiceRequest.with {
              $0.spec.name = "placed-\(number)"
              $0.spec.replicated.replicas = UInt32(replicas)
              $0.spec.task.container.image = "docker.io/library/web:demo"
              $0.requestID = $0.spec.name
            }
            let begin = clock.now
            _ = try await client.call { try await $0.createService(request) }
            latencies.append(clock.now - begin)
          }
          return latencies
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }

  /// Tasks that run, by node.
  private func untilAllRun(_ client: WarrenClient, _ clock: ContinuousClock) async throws -> [String: Int] {
    let wanted = services * replicas
    let nodes = NIOLockedValueBox<[String: String]>([:])
    try await client.stream { stub in
      try await stub.watchTasks(.init()) { response in
        for try await event in response.messages where event.hasTask && event.task.status.state == .running {
          let count = nodes.withLockedValue { nodes in
            nodes[event.task.id] = event.task.nodeID
            return nodes.count
          }
          if count >= wanted { return }
        }
      }
    }
    return nodes.withLockedValue { $0.values.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
  }

  private func memory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(daemon)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
  }

  private func milliseconds(_ time: Duration) -> Int64 { time.nanoseconds / 1_000_000 }
}
