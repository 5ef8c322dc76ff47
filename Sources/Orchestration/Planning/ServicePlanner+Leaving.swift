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

  /// As far as is known, and for longer than this step: what a node said before it went down says nothing any more, and what has to leave its
  /// node now is as good as gone.
  func isUp(_ task: ClusterTask) -> Bool {
    guard task.status.isUp, let node = task.nodeID.flatMap({ nodes[$0] }), node.state == .ready else { return false }
    return node.availability == .active || (task.slot > 0 && node.drainDeadline.map { $0 > now } ?? false)
  }

  /// Whether the one before may go. A job that is done has nothing left to serve.
  private func isSettled(_ successor: ClusterTask, after task: ClusterTask) -> Bool {
    if successor.revision != task.revision, tasks[successor.id]?.provenAt == nil { return false }
    // Promoted, it is in its ports only when its worker says so.
    let isThere = isUp(successor) && successor.status.isStandby == successor.isStandby
    return isThere || (successor.status.state == .complete && successor.revision != task.revision)
  }

  mutating func leave(_ task: ClusterTask, to successor: ClusterTask?) {
    if let successor, isSettled(successor, after: task) { return retire(task, as: .shutdown) }
    guard let deadline = task.nodeID.flatMap({ nodes[$0]?.drainDeadline }) else { return }
    wakeAt = min(wakeAt ?? deadline, deadline)
  }
}
