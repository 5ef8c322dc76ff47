import ClusterModel
import Manager
import Worker

/// A worker's session to the manager in the same process, while that leads.
struct InProcessSession: ManagerSession {
  let duties: LeaderDuties

  func open(_ node: ClusterNode) async throws -> AsyncThrowingStream<Assignment, any Error> { try await duties.dispatcher().openSession(node: node) }
  func update(_ node: ClusterNode) async throws { try await duties.dispatcher().update(node: node) }
  func report(_ node: NodeID, _ updates: [TaskStatusUpdate]) async throws { try await duties.dispatcher().report(node: node, updates) }
}
