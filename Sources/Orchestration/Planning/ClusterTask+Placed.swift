package import ClusterModel

extension ClusterTask {
  /// Whether its node's worker is meant to know it. The task of a global service names its node before it is placed there.
  package var isPlaced: Bool { nodeID != nil && status.state != .pending }

  /// Its restart policy allows no further attempt: it stays as it is, and its slot is not filled again.
  package var hasGivenUp: Bool { status.state == .complete || status.state == .failed }

  /// It serves, or has ended well and will not run again.
  package var hasStarted: Bool { status.isUp || status.state == .complete }

  /// Whether it takes up resources and host ports of its node.
  func isOccupying(_ node: NodeID) -> Bool { nodeID == node && isPlaced && !status.state.isTerminal }
}
