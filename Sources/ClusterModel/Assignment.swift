/// What a manager tells a worker over its session. The first message of a session is `complete`; changes follow, or `complete` again
/// when the manager lost its place.
package enum Assignment: Sendable, Equatable {
  /// The whole set of tasks the worker should have: anything of ours that is not in it is stopped and removed.
  case complete([ClusterTask])
  /// Tasks that are new or changed, and tasks the worker should forget (and clean up, if it has not yet).
  case change(updated: [ClusterTask], removed: [TaskID])
}

/// One line of a worker's report.
package struct TaskStatusUpdate: Sendable, Hashable {
  package var taskID: TaskID
  package var status: TaskStatus

  package init(taskID: TaskID, status: TaskStatus) {
    self.taskID = taskID
    self.status = status
  }
}
