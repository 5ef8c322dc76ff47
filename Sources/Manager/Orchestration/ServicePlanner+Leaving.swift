import ClusterModel

/// The new task first, where that is possible: when a node drains, and when a rollout replaces a task.
extension ServicePlanner {
  /// Whether the task serves, and may go on until another of its slot does.
  func mayStayForNow(_ task: ClusterTask, _ template: Template) -> Bool {
    guard task.status.state == .running, let node = task.nodeID.flatMap({ nodes[$0] }), node.state == .ready else { return false }
    guard task.revision == template.number else { return isReplacedLast && rules.allow(node) }
    guard task.slot > 0, node.availability == .drain, let deadline = node.drainDeadline, now < deadline else { return false }
    return rules.match(node)
  }

  mutating func leave(_ task: ClusterTask, to successor: ClusterTask?) {
    if let successor, successor.revision != task.revision {
      if tasks[successor.id]?.provenAt != nil { retire(task, as: .shutdown) }
      return
    }
    if successor?.status.state == .running { return retire(task, as: .shutdown) }
    guard let deadline = task.nodeID.flatMap({ nodes[$0]?.drainDeadline }) else { return }
    wakeAt = min(wakeAt ?? deadline, deadline)
  }
}
