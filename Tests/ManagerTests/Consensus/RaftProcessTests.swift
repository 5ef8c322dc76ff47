import ClusterModel
import Foundation
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import TestKit
import Testing

@testable import Manager
@testable import warren_bench

/// Three processes with sockets and disks of their own. The same program is measured by `warren-bench raft-failover`.
struct RaftProcessTests {
  @Test func whatIsAcknowledgedOutlivesEveryLeader() async throws {
    let directory = NSTemporaryDirectory() + "warren-raft-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let group = try RaftGroup(binary: BuiltProgram.path("warren-bench"), directory: directory, ports: TemporaryPorts.free(6), hasUsers: false)
    let acknowledged = NIOLockedValueBox<Set<[UInt8]>>([])
    do {
      for member in 0..<3 { try group.start(member) }
      for (round, end) in [SIGKILL, SIGTERM, SIGKILL].enumerated() {
        let leader = try await group.leader()
        let survivors = group.clients.enumerated().filter { $0.offset != leader }.map(\.element)
        let isHarmed = NIOLockedValueBox(false)
        try await withThrowingTaskGroup { writers in
          for (number, client) in survivors.enumerated() {
            writers.addTask {
              var left = 20
              var key: UInt8 = 0
              // Some before, some in the middle of it, and some after.
              while left > 0 {
                let command = [UInt8(round), UInt8(number), key]
                try await client.put(key: command, value: [], timeout: .seconds(120))
                acknowledged.withLockedValue { _ = $0.insert(command) }
                key &+= 1
                if isHarmed.withLockedValue({ $0 }) { left -= 1 }
              }
            }
          }
          try await survivors[0].put(key: [9], value: [], timeout: .seconds(120))
          group.signal(end, leader)
          isHarmed.withLockedValue { $0 = true }
          try await writers.waitForAll()
        }
        group.wait(for: leader)
        try group.start(leader)
      }
      _ = try await group.leader()
    } catch {
      await group.stop()
      throw error
    }
    await group.stop()
    // Each member has a majority's word: what one lacks of the newest, the two others have.
    var copies: [[UInt8]: Int] = [:]
    for member in 0..<3 {
      let storage = try LogDatabase.open(dataDirectory: group.directory(of: member), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let puts = try storage.readEntries(after: storage.snapshot.index, byteLimit: .max).compactMap {
        ProposalEnvelope($0.data).flatMap { KeyValuePut($0.command)?.key }
      }
      for key in Set(puts) { copies[key, default: 0] += 1 }
      try storage.close()
    }
    let missing = acknowledged.withLockedValue { $0.filter { copies[$0, default: 0] < 2 } }
    #expect(missing.isEmpty)
    #expect(acknowledged.withLockedValue { $0.count } >= 3 * 2 * 20)
  }
}
