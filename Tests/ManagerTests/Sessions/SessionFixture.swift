import ClusterModel
import ClusterTLS
import Foundation
import GRPCNIOTransportHTTP2Posix
import Logging
import TestKit
import Worker

@testable import Manager

/// Managers that share a store, as if Raft kept theirs the same, and a worker's way to them over loopback.
struct SessionFixture: Sendable {
  let store: ClusterStore
  let log: InstantLog
  let managers: [TestManager]
  /// The worker's.
  let clock = ManualClock()
  let journal: Worker.Journal

  static func run(managers count: Int = 1, _ body: @Sendable (SessionFixture) async throws -> Void) async throws {
    let directory = "\(NSTemporaryDirectory())/warren-session-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let journal = try Worker.Journal(path: "\(directory)/worker.sqlite")
    let store = ClusterStore(now: { Timestamp(seconds: 1_000_000) })
    let log = InstantLog(store: store)
    var managers: [TestManager] = []
    for _ in 0..<count { managers.append(try await TestManager(store)) }
    let outcome: Result<Void, any Error>
    do {
      try await body(SessionFixture(store: store, log: log, managers: managers, journal: journal))
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    for manager in managers { await manager.kill() }
    try outcome.get()
  }

  static let node = ClusterNode(id: "n1", roles: [.worker], description: NodeDescription(hostname: "n1"))

  /// - Parameters:
  ///   - seeds: the first manager, when nothing is said; of several the first is tried first.
  ///   - dialled: told of each address that is tried.
  func session(seeds: [String]? = nil, dialled: @escaping @Sendable (String) -> Void = { _ in }) throws -> NetworkSession {
    NetworkSession(
      seeds: seeds ?? [managers[0].address], journal: journal, clock: clock, random: { 0 },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { address in
      dialled(address)
      let manager = try HostPort(manager: address)
      return try HTTP2ClientTransport.Posix(target: .ipv4(address: manager.host, port: manager.port), transportSecurity: .plaintext)
    }
  }

  var addresses: [String] { managers.map(\.address) }

  func addTask(_ id: TaskID, on node: NodeID = "n1", _ change: (inout ClusterTask) -> Void = { _ in }) async throws {
    var task = ClusterTask(
      id: id, serviceID: "s", serviceName: "s", slot: 1, revision: 1, spec: TaskSpec(container: ContainerSpec(image: "nginx")))
    task.nodeID = node
    task.status = TaskStatus(state: .assigned)
    change(&task)
    let new = task
    try await store.update { try $0.put(new) }
  }

  /// Lets the worker's time pass in its own steps until the condition holds. Returns how much passed.
  /// - Parameter everywhere: whether the managers' passes too; if not, they are silent.
  @discardableResult
  func passTime(everywhere: Bool = false, until what: String, _ condition: @Sendable () async throws -> Bool) async throws -> Duration {
    var passed = Duration.zero
    try await eventually(what) {
      if try await condition() { return true }
      // What is on its way in the sockets gets there first: a step of time is long beside it.
      try await Task.sleep(for: .milliseconds(20))
      if try await condition() { return true }
      if let delay = clock.nextWakeup {
        clock.advance(by: delay)
        if everywhere { for manager in managers { manager.clock.advance(by: delay) } }
        passed += delay
      }
      return false
    }
    return passed
  }
}

extension AsyncThrowingStream<Assignment, any Error>.Iterator {
  mutating func nextTasks() async throws -> [TaskID]? {
    switch try await next() {
    case .complete(let tasks)?: tasks.map(\.id)
    case .change(let updated, _)?: updated.map(\.id)
    case nil: nil
    }
  }
}
