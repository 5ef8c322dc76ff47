import ClusterModel
import NIOConcurrencyHelpers

/// Reports on their way to the manager: the newest per task, kept until they were taken in.
final class ReportOutbox: Sendable {
  private struct State {
    var waiting: [TaskID: TaskStatus] = [:]
    var order: [TaskID] = []
    /// What was last said of each task that is here.
    var latest: [TaskID: TaskStatus] = [:]

    mutating func queue(_ task: TaskID, _ status: TaskStatus) {
      if waiting.updateValue(status, forKey: task) == nil { order.append(task) }
    }
  }
  private let state = NIOLockedValueBox(State())
  private let signal: AsyncStream<Void>.Continuation
  /// Yields when there is something to send; several additions may be one signal.
  let signals: AsyncStream<Void>

  init() { (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func add(_ update: TaskStatusUpdate) {
    state.withLockedValue { state in
      state.latest[update.taskID] = update.status
      state.queue(update.taskID, update.status)
    }
    signal.yield()
  }

  func latest(of task: TaskID) -> TaskStatus? { state.withLockedValue { $0.latest[task] } }

  /// For a new session, which may be one to a manager that heard nothing yet.
  func sendAllAgain() {
    state.withLockedValue { state in
      for (task, status) in state.latest { state.queue(task, status) }
    }
    signal.yield()
  }

  /// The task is no longer here; what is still waiting to be sent of it is sent.
  func forget(_ task: TaskID) { state.withLockedValue { $0.latest[task] = nil } }

  func take() -> [TaskStatusUpdate] {
    state.withLockedValue { state in
      let updates = state.order.compactMap { id in state.waiting[id].map { TaskStatusUpdate(taskID: id, status: $0) } }
      state.waiting = [:]
      state.order = []
      return updates
    }
  }

  /// Puts back what could not be sent, unless there is something newer by now.
  func putBack(_ updates: [TaskStatusUpdate]) {
    state.withLockedValue { state in
      for update in updates where state.waiting[update.taskID] == nil {
        state.queue(update.taskID, update.status)
      }
    }
    signal.yield()
  }
}
