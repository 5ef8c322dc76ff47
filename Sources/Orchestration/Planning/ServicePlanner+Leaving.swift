import ClusterModel

/// The new task first, where that is possible: when a node drains, and when a rollout replaces a task.
extension ServicePlanner {
  /// Whether the task serves, and may go on until another of its slot does.
  func mayStayForNow(_ task: ClusterTask, _ template: Template, beside others: [ClusterTask]) -> Bool {
    guard task.status.isUp, let node = task.nodeID.flatMap({ nodes[$0] }), node.state == .ready, rules(of: task).match(node) else { return false }
    let isDraining = node.availability == .drain
    if isDraining, node.drainDeadline.map({ $0 <= now }) ?? true { return false }
    return task.revision == template.number ? isDraining && task.slot > 0 : isReplacedLast(by: template, others)
  }

  /// As far as is known: what a node said before it went down says nothing any more.
  func isUp(_ task: ClusterTask) -> Bool { task.status.isUp && task.nodeID.map(nodes.isUp) == true }

  /// Whether the one before may go. A job that is done has nothing left to serve.
  private func isSettled(_ successor: ClusterTask, after task: ClusterTask) -> Bool {
    if successor.revision == task.revision { return isUp(successor) }
    return tasks[successor.id]?.provenAt != nil && (isUp(successor) || successor.status.state == .complete)
  }

  mutating func leave(_ task: ClusterTask, to successor: ClusterTask?) {
    if let successor, isSettled(successor, after: task) { return retire(task, as: .shutdown) }
    guard let deadline = task.nodeID.flatMap({ nodes[$0]?.drainDeadline }) else { return }
    wakeAt = min(wakeAt ?? deadline, deadline)
  }
}
