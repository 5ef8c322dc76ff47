import ClusterModel

/// What can happen next. Events that belong to one state of a container or one leader carry a number and are void after it.
enum Event {
  /// The leader's loops look at what is due.
  case work(leader: Int)
  case wake(leader: Int)
  case elected
  /// The worker does what it was told.
  case obey(node: NodeID)
  /// The worker tells what it has not told yet.
  case report(node: NodeID)
  case step(SimulatedContainer.Step, task: TaskID, node: NodeID, epoch: Int)
  case user
  case trouble
  case markDown(node: NodeID, absence: Int)
  case comeBack(node: NodeID, absence: Int)
  case activate(node: NodeID)
  /// Looks whether anything is overdue.
  case check
}
