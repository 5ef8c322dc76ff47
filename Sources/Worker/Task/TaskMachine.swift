package import ClusterModel

/// Decides what happens to one task on its node. It knows no clock and does nothing itself: it takes an event and answers with actions,
/// whose outcomes come back as events.
///
/// At most one of `create`, `start`, `stop` and `remove` is under way at any time, and a container is always removed before the next
/// attempt or the end.
package struct TaskMachine: Sendable {
  package enum Event: Sendable {
    /// First event of a task, with what the engine has of its current attempt (after a restart of the worker).
    case begin(RuntimeContainer.State?)
    /// The manager wants something else of the task, or told it again.
    case assigned(ClusterTask)
    /// The manager does not know the task any more.
    case forgotten
    case progress(String)
    case created(address: String)
    case started(pid: Int)
    case exited(ExitStatus)
    case stopped(ExitStatus?)
    case removed
    case failed(message: String)
    case timer
  }

  package enum Action: Sendable, Equatable {
    /// Write the record to the journal before anything that follows.
    case save
    case report(TaskStatus)
    case create
    case cancelCreate
    case start(address: String)
    case watch
    case stop
    case remove
    case wait(Duration)
    /// Drop the record, the logs and the machine.
    case forget
  }

  package enum Phase: Sendable, Equatable {
    case new
    case waiting
    case creating
    case starting(address: String)
    case running(since: Timestamp)
    case stopping
    case removing(then: Next)
    case ended
  }

  package enum Next: Sendable, Equatable {
    case restart(after: Duration, message: String)
    case end(TaskState, message: String)
  }

  package private(set) var record: TaskRecord
  package private(set) var phase = Phase.new
  private var isForgotten = false

  package init(record: TaskRecord) { self.record = record }

  package var container: TaskContainer { TaskContainer(task: record.task, attempt: record.attempt) }
  private var isWanted: Bool { record.task.desiredState == .running && !isForgotten }

  package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
    switch (event, phase) {
    case (.begin(let found), .new): return begin(found, now: now)
    case (.assigned(let task), _):
      let changed = task.desiredState != record.task.desiredState
      record.task.desiredState = max(record.task.desiredState, task.desiredState)
      return (changed ? [.save] : []) + unwantedIfSo(now: now)
    case (.forgotten, _):
      isForgotten = true
      return phase == .ended ? [.forget] : unwantedIfSo(now: now)
    case (.progress(let message), .creating): return [report(.preparing, message, now)]
    case (.created(let address), .creating):
      guard isWanted else { return remove(then: .end(.shutdown, message: "")) }
      phase = .starting(address: address)
      record.hasStarted = true
      record.status.address = address
      return [.save, report(.starting, "", now), .start(address: address)]
    case (.started(let pid), .starting):
      phase = .running(since: now)
      record.status.pid = pid
      let running = report(.running, "", now)
      return [running, .watch] + unwantedIfSo(now: now)
    case (.failed(let message), .creating), (.failed(let message), .starting): return couldNotStart(message, now: now)
    case (.exited(let exit), .running(let since)): return ended(exit, ranFor: now - since, now: now)
    case (.stopped(let exit), .stopping):
      record.status.lastExit = exit ?? record.status.lastExit
      return remove(then: .end(.shutdown, message: ""))
    case (.removed, .removing(let next)): return proceed(next, now: now)
    case (.timer, .waiting): return create(now: now)
    default: return []
    }
  }

  private mutating func begin(_ found: RuntimeContainer.State?, now: Timestamp) -> [Action] {
    if record.status.state.isTerminal {
      phase = .ended
      // Its removal may have been cut short.
      return [.report(record.status), .remove]
    }
    switch found {
    case .running(let pid, let address)? where isWanted:
      phase = .running(since: record.status.state == .running ? record.status.since : now)
      let adopted = TaskStatus(state: .running, attempt: record.attempt, since: record.status.since)
      if record.status.state != .running || record.status.pid != pid { record.status.keep(adopted, now: now) }
      record.status.pid = pid
      record.status.address = address
      return [.report(record.status), .watch]
    case .running?:
      phase = .running(since: now)
      return [.watch] + unwantedIfSo(now: now)
    case .exited(let exit)?: return ended(exit, ranFor: exit.at - record.status.since, now: now)
    case .lost? where record.hasStarted, nil where record.hasStarted:
      return ended(ExitStatus(code: -1, reason: "lost when its machine or its runtime went down", at: now), ranFor: .zero, now: now)
    case .created?, .lost?, nil:
      guard isWanted else { return remove(then: .end(.shutdown, message: "")) }
      return [.save, .remove] + create(now: now)
    }
  }

  /// When the task is no longer wanted: whatever leads to its end from here.
  private mutating func unwantedIfSo(now: Timestamp) -> [Action] {
    guard !isWanted else { return [] }
    switch phase {
    case .waiting:
      return proceed(.end(.shutdown, message: ""), now: now)
    case .creating: return [.cancelCreate]
    case .running:
      phase = .stopping
      return [report(.stopping, "", now), .stop]
    case .removing(.restart): return redirect()
    case .new, .starting, .stopping, .removing, .ended: return []
    }
  }

  private mutating func redirect() -> [Action] {
    phase = .removing(then: .end(.shutdown, message: ""))
    return []
  }

  private mutating func create(now: Timestamp) -> [Action] {
    phase = .creating
    record.status.nextAttemptAt = nil
    return [report(.preparing, "", now), .create]
  }

  private mutating func couldNotStart(_ message: String, now: Timestamp) -> [Action] {
    guard isWanted else { return remove(then: .end(.shutdown, message: "")) }
    record.status.lastExit = ExitStatus(code: -1, reason: "could not start: \(message)", at: now)
    return decide(.couldNotStart, ranFor: .zero, message: message, now: now)
  }

  private mutating func ended(_ exit: ExitStatus, ranFor: Duration, now: Timestamp) -> [Action] {
    record.status.lastExit = exit
    guard isWanted else { return remove(then: .end(.shutdown, message: "")) }
    return decide(.exited(code: exit.code), ranFor: max(ranFor, .zero), message: exit.reason, now: now)
  }

  private mutating func decide(_ outcome: RestartDecider.Outcome, ranFor: Duration, message: String, now: Timestamp) -> [Action] {
    let decision = record.restarts.attemptEnded(outcome, ranFor: ranFor, policy: record.task.spec.restart, now: now)
    switch decision {
    case .giveUp(let state, let reason):
      return remove(then: .end(state, message: state == .complete ? reason : "\(message); \(reason)"))
    case .restart(let delay):
      return remove(then: .restart(after: delay, message: message))
    }
  }

  private mutating func remove(then next: Next) -> [Action] {
    phase = .removing(then: next)
    return [.save, .remove]
  }

  private mutating func proceed(_ next: Next, now: Timestamp) -> [Action] {
    switch next {
    case .restart(let delay, let message):
      guard isWanted else { return proceed(.end(.shutdown, message: ""), now: now) }
      phase = .waiting
      record.attempt += 1
      record.hasStarted = false
      record.status.nextAttemptAt = now + delay
      return [.save, report(.waiting, message, now), .wait(delay)]
    case .end(let state, let message):
      phase = .ended
      record.status.nextAttemptAt = nil
      let final = report(state, message, now)
      return [.save, final] + (isForgotten ? [.forget] : [])
    }
  }

  private mutating func report(_ state: TaskState, _ message: String, _ now: Timestamp) -> Action {
    record.status.keep(TaskStatus(state: state, attempt: record.attempt, message: message), now: now)
    record.status.containerID = container.id
    return .report(record.status)
  }
}

extension TaskStatus {
  /// Takes state, attempt and message of the other; what was found out before (exit, address) stays as far as it still holds.
  fileprivate mutating func keep(_ other: TaskStatus, now: Timestamp) {
    if other.state != state || other.attempt != attempt { since = now }
    state = other.state
    attempt = other.attempt
    message = other.message
    if state != .running && state != .stopping { pid = 0 }
    if state < .starting || state > .stopping { address = "" }
  }
}
