import ClusterModel
import Foundation
import GRPCNIOTransportHTTP2Posix
import Logging
import Manager
import NIOConcurrencyHelpers
import RaftStorage
import Testing
import Worker

@testable import WarrenCommands

/// Where the worker of a manager's own node takes its tasks from.
@Suite struct LocalFirstSessionTests {
  private static let node = ClusterNode(id: "n1", roles: [.worker], description: NodeDescription(hostname: "n1"))

  /// A session of a node whose manager leads or does not, and what it dials.
  private static func run(
    _ body: (
      LocalFirstSession, ClusterStore, _ leads: NIOLockedValueBox<Bool>, _ others: NIOLockedValueBox<[ManagerAddress]>,
      _ dialled: NIOLockedValueBox<[String]>
    )
      async throws -> Void
  ) async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let storage = try LogDatabase.create(dataDirectory: directory, identity: LogIdentity(clusterID: "c1", nodeID: "n1"), logger: logger)
    let store = ClusterStore { .now }
    store.attach(to: try await RaftMember.start(storage: storage, stateMachine: store, logger: logger))
    let dispatcher = Dispatcher(store: store, logger: logger)
    let (leads, others) = (NIOLockedValueBox(true), NIOLockedValueBox<[ManagerAddress]>([]))
    let dialled = NIOLockedValueBox<[String]>([])
    let network = NetworkSession(seeds: [], journal: try Worker.Journal(path: "\(directory)/worker.sqlite"), logger: logger) { address in
      dialled.withLockedValue { $0.append(address) }
      throw WarrenError(.unavailable, "nobody there")
    }
    let session = LocalFirstSession(
      local: { leads.withLockedValue { $0 } ? dispatcher : nil }, others: { others.withLockedValue { $0 } }, network: network)
    try await body(session, store, leads, others, dialled)
  }

  @Test func aManagerThatLeadsIsAskedInItsOwnProcess() async throws {
    try await Self.run { session, store, _, others, dialled in
      others.withLockedValue { $0 = [ManagerAddress(node: "m2", address: "m2:8080")] }
      var assignments = try await session.open(Self.node).makeAsyncIterator()
      #expect(try await assignments.next() == .complete([]))
      var node = Self.node
      node.runtimeProblem = "no containerd"
      try await session.update(node)
      #expect(store.view.node("n1")?.runtimeProblem == "no containerd")
      try await session.report("n1", [])
      #expect(dialled.withLockedValue { $0.isEmpty })
    }
  }

  @Test func theOthersAreAskedWhileItDoesNot() async throws {
    try await Self.run { session, _, leads, others, dialled in
      leads.withLockedValue { $0 = false }
      let alone = await #expect(throws: WarrenError.self) { _ = try await session.open(Self.node) }
      #expect(alone?.code == .unavailable && dialled.withLockedValue { $0.isEmpty })
      others.withLockedValue { $0 = [ManagerAddress(node: "m2", address: "m2:8080")] }
      let nobody = await #expect(throws: WarrenError.self) { _ = try await session.open(Self.node) }
      #expect(nobody?.code == .unavailable && dialled.withLockedValue { $0 } == ["m2:8080"])
      // Once it leads again, its own process is nearer.
      leads.withLockedValue { $0 = true }
      _ = try await session.open(Self.node)
      #expect(dialled.withLockedValue { $0.count } == 1)
    }
  }
}
