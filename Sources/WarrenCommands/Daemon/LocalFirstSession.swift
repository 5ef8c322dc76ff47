import ClusterModel
import Manager
import NIOConcurrencyHelpers
import Worker

/// The session of a worker whose node is a manager, too: within the process while that manager leads, else over the network with another.
struct LocalFirstSession: ManagerSession {
  /// This manager's, while it leads.
  let local: @Sendable () -> Dispatcher?
  /// The other managers, as this one knows them.
  let others: @Sendable () -> [ManagerAddress]
  let network: NetworkSession
  /// Of the session that there is; nil when that is over the network.
  private let current = NIOLockedValueBox<Dispatcher?>(nil)

  init(local: @escaping @Sendable () -> Dispatcher?, others: @escaping @Sendable () -> [ManagerAddress], network: NetworkSession) {
    self.local = local
    self.others = others
    self.network = network
  }

  func open(_ node: ClusterNode) async throws -> AsyncThrowingStream<Assignment, any Error> {
    let dispatcher = local()
    current.withLockedValue { $0 = dispatcher }
    if let dispatcher { return try await dispatcher.openSession(node: node) }
    let others = others()
    if others.isEmpty, await !network.knowsManagers() {
      throw WarrenError(.unavailable, "this manager does not lead yet, and no other is known; it is tried again")
    }
    await network.begin(with: others)
    return try await network.open(node)
  }

  func update(_ node: ClusterNode) async throws {
    guard let dispatcher = current.withLockedValue({ $0 }) else { return try await network.update(node) }
    try await dispatcher.update(node: node)
  }

  func report(_ node: NodeID, _ updates: [TaskStatusUpdate]) async throws {
    guard let dispatcher = current.withLockedValue({ $0 }) else { return try await network.report(node, updates) }
    try await dispatcher.report(node: node, updates)
  }
}
