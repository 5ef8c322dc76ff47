package import ClusterModel

/// What the worker must remember of a task to go on after a crash, a reboot, or without any manager: one row of its journal.
package struct TaskRecord: Sendable, Hashable {
  package var task: ClusterTask
  package var attempt: Int
  /// In which boot of the machine the process of this attempt may have run. Written before it is started: after a power cut this decides
  /// between "start it", "it ended, let the restart policy decide" and "it was lost with its machine".
  package var startedIn: BootID?
  package var restarts = RestartDecider()
  /// While the container of this attempt is being removed: what follows. How the attempt ended has been counted then.
  package var next: TaskMachine.Next?
  package var status: TaskStatus

  /// Of its present attempt.
  package var containerID: String { TaskContainer(task: task, attempt: attempt).id }

  /// A task that was just assigned. What an earlier life of this worker reported about it is continued, never taken back.
  package init(assigned task: ClusterTask) {
    self.task = task
    attempt = task.status.state > .assigned ? task.status.attempt + 1 : task.status.attempt
    status = task.status
  }

  /// A task whose container was found although the journal, which was lost or put back from a copy, does not know it.
  package init(found container: RuntimeContainer, of origin: TaskContainer) {
    task = origin.task
    attempt = origin.attempt
    startedIn = container.state == .created ? nil : .unknown
    status = origin.task.status
  }
}
