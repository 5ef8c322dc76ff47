import ClusterModel
import Foundation
import GRPCCore
import Logging
import NIOConcurrencyHelpers
import Testing
import WarrenAPI

@testable import Manager

/// The real server on a socket of its own, a store in memory behind it, and a client connected to it.
struct APIFixture: Sendable {
  let directory: String
  let store: ClusterStore
  let log: InstantLog
  let node: FakeNode
  let client: WarrenClient
  private let lines: LogLines

  /// What the server logged at the level error.
  var logLines: [String] { lines.texts.withLockedValue { $0 } }

  var socketPath: String { "\(directory)/warren.sock" }
  static let nodeID: NodeID = "edge-1"
  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  static func temporaryDirectory() throws -> String {
    let path = "/tmp/warren-api-\(Identifier<APIFixture>.random())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  static func api(
    _ store: ClusterStore, _ log: any ReplicatedLog, _ node: FakeNode?, workers: ConnectedWorkers = ConnectedWorkers()
  ) -> ManagerAPI {
    ManagerAPI(
      store: store, log: log, identity: .init(node: nodeID, raftAddress: "edge-1:7946", version: "1.2.3"), localNode: node, workers: workers)
  }

  static func run(managerOnly: Bool = false, interceptors: [any ServerInterceptor] = [], _ body: @Sendable (APIFixture) async throws -> Void)
    async throws
  {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let store = ClusterStore(now: { Timestamp(seconds: 1_700_000_000) })
    let log = InstantLog(store: store)
    let node = FakeNode()
    let path = "\(directory)/warren.sock"
    let lines = LogLines()
    let logger = Logger(label: "test") { _ in lines }
    let server = try APIServer(
      api: api(store, log, managerOnly ? nil : node), interceptors: interceptors, socketPath: path, shutdownGrace: .milliseconds(10), logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      try await WarrenClient.connected(to: path) { client in
        try await body(APIFixture(directory: directory, store: store, log: log, node: node, client: client, lines: lines))
      }
      group.cancelAll()
    }
  }
}

extension APIFixture {
  /// Serves another store, on a socket of its own.
  static func withServer<Result: Sendable>(
    _ store: ClusterStore, _ log: any ReplicatedLog, workers: ConnectedWorkers = ConnectedWorkers(),
    _ body: @Sendable (WarrenClient) async throws -> Result
  ) async throws -> Result {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = "\(directory)/warren.sock"
    let server = try APIServer(api: api(store, log, nil, workers: workers), socketPath: path, shutdownGrace: .milliseconds(10), logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      defer { group.cancelAll() }
      return try await WarrenClient.connected(to: path) { try await body($0) }
    }
  }

  static func spec(_ name: String, replicas: Int = 1) -> ServiceSpec {
    ServiceSpec(name: name, mode: .replicated(replicas: replicas), task: TaskSpec(container: ContainerSpec(image: "nginx")))
  }

  /// Puts a task of the service as the loops would.
  @discardableResult
  func addTask(
    _ id: TaskID, of service: ClusterService, slot: Int = 1, state: TaskState = .running, node: NodeID? = APIFixture.nodeID
  ) async throws -> ClusterTask {
    var task = ClusterTask(
      id: id, serviceID: service.id, serviceName: service.spec.name, slot: slot, revision: service.revision, spec: service.spec.task)
    task.nodeID = node
    task.status = TaskStatus(state: state, message: "as the test says", since: Timestamp(seconds: 1_700_000_001))
    let new = task
    try await store.update { try $0.put(new) }
    return task
  }

  func change(_ id: TaskID, _ body: @Sendable (inout ClusterTask) -> Void) async throws {
    try await store.update { transaction in
      guard var task = transaction.view.task(id) else { return }
      body(&task)
      try transaction.put(task)
    }
  }

  func removeTask(_ id: TaskID) async throws {
    try await store.update { transaction in
      if let task = transaction.view.task(id) { try transaction.remove(task) }
    }
  }

  func addNode(_ id: NodeID, state: ClusterNode.State = .ready) async throws {
    var node = ClusterNode(id: id, roles: [.worker], description: NodeDescription(hostname: "\(id)"))
    node.state = state
    let new = node
    try await store.update { try $0.put(new) }
  }

  /// Waits for a condition that other tasks bring about; the test's time limit is the bound.
  func until(_ condition: () -> Bool) async throws {
    while !condition() {
      try Task.checkCancellation()
      try await Task.sleep(for: .milliseconds(2))
    }
  }
}

/// The code and message of the error that `body` fails with.
func failure(_ body: () async throws -> Void) async -> (code: WarrenError.Code, message: String)? {
  do {
    try await body()
    return nil
  } catch let error as WarrenError {
    return (error.code, error.message)
  } catch {
    Issue.record("not a WarrenError: \(error)")
    return nil
  }
}

/// Keeps what is logged at the level error, one text a line: `message key=value …`.
private struct LogLines: LogHandler {
  let texts = NIOLockedValueBox<[String]>([])
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.error

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted().joined()
    texts.withLockedValue { $0.append("\(event.message)\(fields)") }
  }
}
