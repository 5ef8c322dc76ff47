import ClusterModel

extension StoreTransaction {
  /// Removes a node with everything that is on it, so that whoever planned it plans it elsewhere; and remembers its keys as those of a
  /// node that was removed.
  mutating func removeNode(_ node: ClusterNode) throws {
    for task in view.tasks(onNode: node.id) { try remove(task) }
    try remove(node)
    guard var cluster = view.cluster, !node.keys.isEmpty else { return }
    cluster.remember(removed: node.keys)
    try put(cluster)
  }
}
