import ClusterModel

/// Moving off a node that drains: the new task first, where that is possible.
extension ServicePlanner {
  /// Whether the task serves on a draining node, and may go on until another of its slot runs elsewhere.
  func mayStayForNow(_ task: ClusterTask) -> Bool {
    guard task.slot > 0, task.revision == service.revision, task.status.state == .running, let id = task.nodeID, let node = nodes[id],
      node.availability == .drain, node.state == .ready, let deadline = node.drainDeadline, now < deadline
    else { return false }
    return rules.match(node)
  }

  mutating func leave(_ task: ClusterTask, to successor: ClusterTask?) {
    if successor?.status.state == .running { return retire(task, as: .shutdown) }
    guard let deadline = task.nodeID.flatMap({ nodes[$0]?.drainDeadline }) else { return }
    wakeAt = min(wakeAt ?? deadline, deadline)
  }
}
