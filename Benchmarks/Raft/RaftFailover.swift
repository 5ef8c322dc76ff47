import ArgumentParser
import ClusterModel
import Foundation
import NIOConcurrencyHelpers

/// How long writes through the other members wait when something happens to the leader.
struct RaftFailover: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "raft-failover",
    abstract: "Three members on this machine: harm the leader, and see when the next write through another member is committed.",
    discussion: "Run it as root, and in a network namespace of its own: unshare -n sh -c 'ip link set lo up; warren-bench raft-failover'.")

  enum Fault: String, CaseIterable, ExpressibleByArgument {
    case kill, term, stop, partition
  }

  @Option var faults: [Fault] = Fault.allCases
  @Option var trials = 30
  @Option(help: "On the disk to measure.") var directory = "/var/tmp/warren-raft-failover"
  @Option(help: "Six ports are used from here on.") var port = 23_900

  func run() async throws {
    try? FileManager.default.removeItem(atPath: directory)
    let group = try RaftGroup(binary: CommandLine.arguments[0], directory: directory, ports: Array(port..<port + 6), hasUsers: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    do {
      for member in 0..<3 { try group.start(member) }
      print("fault        trials   next write ms: p50    p99    max   silence ms: p50    p99    max")
      for fault in faults {
        var found: [(next: Double, silence: Double)] = []
        for _ in 0..<trials { found.append(try await trial(fault, group)) }
        let columns = [found.map(\.next), found.map(\.silence)].flatMap { values -> [String] in
          let sorted = values.sorted()
          return [sorted[sorted.count / 2], sorted[min(sorted.count - 1, sorted.count * 99 / 100)], sorted[sorted.count - 1]].map {
            "\(($0 * 10).rounded() / 10)"
          }
        }
        print(
          fault.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0), "\(trials)".leftPadded(6), columns[0].leftPadded(18),
          columns[1].leftPadded(6),
          columns[2].leftPadded(6), columns[3].leftPadded(17), columns[4].leftPadded(6), columns[5].leftPadded(6))
      }
    } catch {
      await group.stop()
      throw error
    }
    await group.stop()
  }

  /// Writers at the two others write one after the other all the time; right after the fault, each of the two is given one more write.
  private func trial(_ fault: Fault, _ group: RaftGroup) async throws -> (next: Double, silence: Double) {
    let leader = try await group.leader()
    let acknowledged = NIOLockedValueBox<[ContinuousClock.Instant]>([])
    let clock = ContinuousClock()
    let survivors = group.clients.enumerated().filter { $0.offset != leader }.map(\.element)
    let writers = survivors.enumerated().map { number, client in
      Task {
        while !Task.isCancelled {
          guard (try? await client.put(key: [UInt8(number)], value: [1], timeout: .seconds(10))) != nil else { continue }
          acknowledged.withLockedValue { $0.append(clock.now) }
        }
      }
    }
    // Some load first; and at any moment between two heartbeats, which come every 50 ms.
    try await Task.sleep(for: .milliseconds(.random(in: 200...300)))
    let start = clock.now
    switch fault {
    case .kill: group.signal(SIGKILL, leader)
    case .term: group.signal(SIGTERM, leader)
    case .stop: group.signal(SIGSTOP, leader)
    case .partition: try group.partition(leader)
    }
    let next = await withTaskGroup(of: ContinuousClock.Instant?.self) { group in
      for client in survivors {
        group.addTask { (try? await client.put(key: [2], value: [2], timeout: .seconds(15))).map { clock.now } }
      }
      return await group.compactMap { $0 }.min()
    }
    // The writers go on, so that a silence which begins only after the first write is seen, too.
    try await Task.sleep(for: .milliseconds(500))
    for writer in writers { writer.cancel() }
    for writer in writers { await writer.value }
    switch fault {
    case .kill, .term:
      group.wait(for: leader)
      try group.start(leader)
    case .stop: group.signal(SIGCONT, leader)
    case .partition: try group.heal()
    }
    guard let next else { throw WarrenError(.deadlineExceeded, "No write was committed within 15 s after: \(fault.rawValue).") }
    let times = acknowledged.withLockedValue { $0.sorted() }.filter { $0 > start - .milliseconds(100) }
    let silence = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
    return (Self.milliseconds(next - start), Self.milliseconds(silence))
  }

  private static func milliseconds(_ duration: Duration) -> Double { Double(duration.nanoseconds) / 1e6 }
}
