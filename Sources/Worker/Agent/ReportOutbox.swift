import ClusterModel
import NIOConcurrencyHelpers

/// Reports on their way to the manager: the newest per task, kept until they were taken in.
final class ReportOutbox: Sendable {
  private struct State {
    var waiting: [TaskID: TaskStatus] = [:]
    var order: [TaskID] = []
    /// What was last said of each task that is here.
    var latest: [TaskID: TaskStatus] = [:]
    var signal: AsyncStream<Void>.Continuation?

    mutating func queue(_ task: TaskID, _ status: TaskStatus) {
      if waiting.updateValue(status, forKey: task) == nil { order.append(task) }
    }
  }
  private let state = NIOLockedValueBox(State())

  /// Yields when there is something to send; several additions may be one signal. Begins with a signal, since anything may be waiting.
  ///
  /// For one session: a stream whose reader was cancelled is over, so each session gets its own, and the last one made is signalled.
  func signals() -> AsyncStream<Void> {
    let (stream, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    signal.yield()
    let older = state.withLockedValue { state in
      defer { state.signal = signal }
      return state.signal
    }
    older?.finish()
    return stream
  }

  /// A status of a task that is here.
  func add(_ update: TaskStatusUpdate) {
    change { state in
      state.latest[update.taskID] = update.status
      state.queue(update.taskID, update.status)
    }
  }

  /// A status of a task that never was here: told once.
  func addOnce(_ update: TaskStatusUpdate) { change { $0.queue(update.taskID, update.status) } }

  func latest(of task: TaskID) -> TaskStatus? { state.withLockedValue { $0.latest[task] } }

  /// For a new session, which may be one to a manager that heard nothing yet.
  func sendAllAgain() {
    change { state in
      for (task, status) in state.latest { state.queue(task, status) }
    }
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
    change { state in
      for update in updates where state.waiting[update.taskID] == nil {
        state.queue(update.taskID, update.status)
      }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let signal = state.withLockedValue { state in
      body(&state)
      return state.signal
    }
    signal?.yield()
  }
}
