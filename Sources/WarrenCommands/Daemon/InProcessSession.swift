import ClusterModel
import Manager
import Worker

/// A worker's session to the manager in the same process.
struct InProcessSession: ManagerSession {
  let dispatcher: Dispatcher

  func open(_ node: ClusterNode) async throws -> AsyncThrowingStream<Assignment, any Error> { try await dispatcher.openSession(node: node) }
  func update(_ node: ClusterNode) async throws { try await dispatcher.update(node: node) }
  func report(_ node: NodeID, _ updates: [TaskStatusUpdate]) async throws { try await dispatcher.report(node: node, updates) }
}
