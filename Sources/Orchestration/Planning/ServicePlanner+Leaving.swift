import ClusterModel

/// The new task first, where that is possible: when a node drains, and when a rollout replaces a task.
extension ServicePlanner {
  /// Whether the task serves, and may go on until another of its slot does.
  func mayStayForNow(_ task: ClusterTask, _ template: Template) -> Bool {
    guard task.status.isUp, let node = task.nodeID.flatMap({ nodes[$0] }), node.state == .ready, rules.match(node) else { return false }
    let isDraining = node.availability == .drain
    if isDraining, node.drainDeadline.map({ $0 <= now }) ?? true { return false }
    return task.revision == template.number ? isDraining && task.slot > 0 : isReplacedLast
  }

  mutating func leave(_ task: ClusterTask, to successor: ClusterTask?) {
    if let successor {
      let isReady = successor.revision == task.revision ? successor.status.isUp : tasks[successor.id]?.provenAt != nil
      if isReady { return retire(task, as: .shutdown) }
    }
    guard let deadline = task.nodeID.flatMap({ nodes[$0]?.drainDeadline }) else { return }
    wakeAt = min(wakeAt ?? deadline, deadline)
  }
}
