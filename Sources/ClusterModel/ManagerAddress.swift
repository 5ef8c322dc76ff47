/// Where a worker may open its session.
package struct ManagerAddress: Hashable, Sendable {
  package var node: NodeID
  /// `host:port` of its API.
  package var address: String
  /// Its share of the workers beside the others'; 0 means only when no other can be reached.
  package var weight: Int

  package init(node: NodeID, address: String, weight: Int = 1) {
    self.node = node
    self.address = address
    self.weight = weight
  }
}
