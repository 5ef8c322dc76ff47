package import ClusterModel

/// The worker's way to a manager: in the same process now, over the network later.
package protocol ManagerSession: Sendable {
  /// Registers the node and opens its stream of assignments; the first is the complete set. The stream ends, or throws, when the session does.
  func open(_ node: ClusterNode) async throws -> AsyncThrowingStream<Assignment, any Error>
  /// Tells what changed about the node itself since the session was opened.
  func update(_ node: ClusterNode) async throws
  func report(_ node: NodeID, _ updates: [TaskStatusUpdate]) async throws
}
