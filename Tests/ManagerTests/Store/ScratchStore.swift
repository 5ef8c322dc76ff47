import ClusterModel
import Foundation
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage

@testable import Manager

/// A store on a real log in a directory that is gone after the test; it can be closed and opened again.
final class ScratchStore {
  let directory: String
  var limits = RaftMember.Limits()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init(directory: String = NSTemporaryDirectory() + "warren-store-" + UUID().uuidString) { self.directory = directory }
  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func create(founders: MemberSet? = nil) throws -> LogDatabase {
    try LogDatabase.create(dataDirectory: directory, identity: LogIdentity(clusterID: "c", nodeID: "n"), founders: founders, logger: logger)
  }

  /// The clock ticks a second with each transaction.
  func open() async throws -> (store: ClusterStore, log: RaftMember) {
    let storage =
      LogDatabase.exists(dataDirectory: directory)
      ? try LogDatabase.open(dataDirectory: directory, logger: logger)
      : try create()
    let clock = TestTicks()
    let store = ClusterStore { clock.next() }
    let log = try await RaftMember.start(storage: storage, stateMachine: store, limits: limits, logger: logger)
    store.attach(to: log)
    return (store, log)
  }
}

final class TestTicks: Sendable {
  private let count = NIOLockedValueBox<Int64>(0)
  func next() -> Timestamp {
    Timestamp(
      seconds: count.withLockedValue {
        $0 += 1; return $0
      })
  }
}

/// A log in memory, to test the store alone: applies at once.
final class MemoryLog: ReplicatedLog {
  private let state: NIOLockedValueBox<(index: LogIndex, commands: [[UInt8]])> = .init((0, []))
  private let store: ClusterStore

  init(_ store: ClusterStore) {
    self.store = store

    store.attach(to: self)
  }

  var commands: [[UInt8]] { state.withLockedValue { $0.commands } }

  func propose(_ command: [UInt8]) async throws -> LogIndex {

    let (index, outcome) = try state.withLockedValue { state in
      state.index += 1
      state.commands.append(command)
      return (state.index, try store.apply([CommittedEntry(index: state.index, command: command)])[0])
    }
    if case .rejected(let error) = outcome { throw error }
    return index
  }

  func readBarrier() async throws -> LogIndex { state.withLockedValue { $0.index } }
  let leadership = Leadership(term: 1, isLeader: true)
  func leadershipChanges() -> AsyncStream<Leadership> { AsyncStream { $0.finish() } }
}

func makeService(_ id: String, name: String? = nil) -> ClusterService {
  ClusterService(id: ServiceID(id), spec: ServiceSpec(name: name ?? id, task: TaskSpec(container: ContainerSpec(image: "nginx"))))
}

func makeTask(_ id: String, service: String, node: String? = nil) -> ClusterTask {
  var task = ClusterTask(
    id: TaskID(id), serviceID: ServiceID(service), serviceName: service, slot: 1, revision: 1,
    spec: TaskSpec(container: ContainerSpec(image: "nginx")))
  task.nodeID = node.map { NodeID($0) }
  return task
}

func makeNode(_ id: String) -> ClusterNode { ClusterNode(id: NodeID(id), roles: [.worker], description: NodeDescription(hostname: id)) }
