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
    case created(CreatedContainer)
    case started(pid: Int)
    case exited(ExitStatus)
    /// By a check of that attempt; nil when the container could not be asked.
    case probed(Checkup.Role, attempt: Int, ProbeOutcome?)
    case stopped(ExitStatus?)
    /// With what its log said last.
    case removed(lastLines: [String] = [])
    case failed(message: String)
    /// This node cannot run it, however often it is tried.
    case rejected(message: String)
    /// The engine went away in the middle of making or starting the container, which is not to blame for it.
    case interrupted(message: String)
    case timer
  }

  package enum Action: Sendable, Equatable {
    /// Write the record to the journal before anything that follows.
    case save
    case report(TaskStatus)
    case create
    case cancelCreate
    case start(address: String, isPublished: Bool)
    case watch
    case probe(Checkup.Role, HealthCheck, after: Duration)
    case publish(Bool)
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
    /// What follows is the record's `next`.
    case removing
    case ended
  }

  /// What follows the removal of an attempt's container.
  package enum Next: Sendable, Hashable, Codable {
    case restart(after: Duration, message: String)
    case end(TaskState, message: String)
  }

  /// Between two attempts of which the first was interrupted; the restart policy has no say in it.
  private static let delayAfterInterruption = Duration.seconds(1)
  /// Between two reports of which only the last probe's words differ.
  static let wordsInterval = Duration.seconds(3)

  private let boot: BootID
  package internal(set) var record: TaskRecord
  package internal(set) var phase = Phase.new
  private var isForgotten = false
  /// Of the running container.
  var checkup: Checkup?
  var healthReportedAt = Timestamp.epoch
  /// For how long the container ran that is being stopped because it is unwell.
  var ranFor = Duration.zero

  /// - Parameter boot: the one this machine is in.
  package init(record: TaskRecord, boot: BootID) {
    self.record = record
    self.boot = boot
  }

  package var container: TaskContainer {
    var task = record.task
    task.status = record.status
    return TaskContainer(task: task, attempt: record.attempt)
  }
  var isWanted: Bool { record.task.desiredState == .running && !isForgotten }

  package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
    switch (event, phase) {
    case (.begin(let found), .new): return begin(found, now: now)
    case (.assigned(let task), _):
      let changed = task.desiredState > record.task.desiredState
      record.task.desiredState = max(record.task.desiredState, task.desiredState)
      let led = lead(task.isStandby)
      return (changed || !led.isEmpty ? [.save] : []) + led + unwantedIfSo(now: now)
    case (.forgotten, .ended): return [.forget]
    case (.forgotten, _):
      isForgotten = true
      // Remembered, so that a restart of the worker does not run it again before it hears from a manager.
      record.task.desiredState = .remove
      return [.save] + unwantedIfSo(now: now)
    case (.progress(let message), .creating): return message == record.status.message ? [] : [report(.preparing, message, now)]
    case (.created(let made), .creating):
      guard isWanted else { return remove(then: .end(.shutdown, message: "")) }
      phase = .starting(address: made.address)
      record.startedIn = boot
      record.status.address = made.address
      record.status.imageCheck = made.imageCheck
      record.status.isStandby = record.task.isStandby
      let isPublished = container.task.readinessCheck == nil && !record.task.isStandby
      return [.save, report(.starting, "", now), .start(address: made.address, isPublished: isPublished)]
    case (.started(let pid), .starting):
      phase = .running(since: now)
      record.status.pid = pid
      let probes = beginCheckup(at: now)
      let running = report(.running, "", now)
      return [running, .watch] + probes + lead(record.task.isStandby) + unwantedIfSo(now: now)
    case (.probed(let role, record.attempt, let outcome), .running(let since)): return probed(role, outcome, since: since, now: now)
    case (.failed(let message), .creating), (.failed(let message), .starting): return couldNotStart(message, now: now)
    case (.rejected(let message), .creating):
      return remove(then: isWanted ? .end(.rejected, message: message) : .end(.shutdown, message: ""))
    case (.interrupted(let message), .creating), (.interrupted(let message), .starting):
      return remove(then: isWanted ? .restart(after: Self.delayAfterInterruption, message: message) : .end(.shutdown, message: ""))
    case (.exited(let exit), .running(let since)): return ended(exit, ranFor: now - since, now: now)
    case (.stopped(let exit), .stopping):
      if isWanted { return wasUnwell(exit, now: now) }
      record.status.lastExit = exit ?? record.status.lastExit
      return remove(then: .end(.shutdown, message: ""))
    case (.removed(let lines), .removing):
      if let exit = record.status.lastExit, exit.code != 0 { record.status.lastExit?.lastLines = lines }
      return proceed(record.next ?? .end(.shutdown, message: ""), now: now)
    case (.timer, .waiting): return create(now: now)
    default: return []
    }
  }

  private mutating func begin(_ found: RuntimeContainer.State?, now: Timestamp) -> [Action] {
    if record.status.state.isTerminal {
      // Its removal may have been cut short.
      record.next = .end(record.status.state, message: record.status.message)
      phase = .removing
      return [.report(record.status), .remove]
    }
    if record.next != nil {
      // How it ended was decided and written before its removal began, which was cut short.
      phase = .removing
      return unwantedIfSo(now: now) + [.remove]
    }
    if record.status.state == .stopping, isWanted, let stopped = resumeStopping(found, now: now) { return stopped }
    switch found {
    case .running(let pid, let address)?: return adopt(pid: pid, address: address, now: now)
    case .exited(let exit)?: return ended(exit, ranFor: exit.at - record.status.since, now: now)
    case .lost? where record.startedIn != nil, nil where record.startedIn != nil: return lost(now: now)
    case .created?, .lost?, nil:
      guard isWanted else { return remove(then: .end(.shutdown, message: "")) }
      if found == nil, let waiting = resumeWaiting(now: now) { return waiting }
      // A task that was never here has nothing to remove.
      if found == nil, record.status.state <= .assigned { return [.save] + create(now: now) }
      return [.save, .remove] + create(now: now)
    }
  }

  /// The journal was last written when the process was about to start: it has run since then.
  private mutating func adopt(pid: Int, address: String, now: Timestamp) -> [Action] {
    phase = .running(since: record.status.since)
    record.status.state = .running
    record.status.message = ""
    record.status.containerID = container.id
    record.status.pid = pid
    record.status.address = address
    let probes = beginCheckup(at: record.status.since, continuing: record.status.health)
    let ports = container.task.readinessCheck == nil ? [] : [Action.publish(record.status.isServing)]
    return [.report(record.status), .watch] + ports + probes + unwantedIfSo(now: now)
  }

  /// The rest of a restart delay; never longer than such a delay can be, whatever happened to the machine's clock.
  private mutating func resumeWaiting(now: Timestamp) -> [Action]? {
    guard record.status.state == .waiting, let due = record.status.nextAttemptAt, due > now else { return nil }
    phase = .waiting
    return [.report(record.status), .wait(min(due - now, max(record.task.spec.restart.delay, RestartDecider.longestDelay)))]
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
    case .removing:
      guard case .restart? = record.next else { return [] }
      record.next = .end(.shutdown, message: "")
      return [.save]
    case .new, .starting, .stopping, .ended: return []
    }
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

  /// How it ended nobody knows. When the machine has been down since, that is why.
  private mutating func lost(now: Timestamp) -> [Action] {
    let isMachines = record.startedIn != boot
    let reason = isMachines ? ExitStatus.lostWithItsMachine : "lost when its runtime went down"
    record.status.lastExit = ExitStatus(code: -1, reason: reason, at: now)
    guard isWanted else { return remove(then: .end(.shutdown, message: "")) }
    return decide(isMachines ? .lostWithItsMachine : .exited(code: -1), ranFor: .zero, message: reason, now: now)
  }

  mutating func decide(_ outcome: RestartDecider.Outcome, ranFor: Duration, message: String, now: Timestamp) -> [Action] {
    let decision = record.restarts.attemptEnded(outcome, ranFor: ranFor, policy: record.task.spec.restart, now: now)
    switch decision {
    case .giveUp(let state, let reason):
      return remove(then: .end(state, message: state == .complete ? reason : "\(message); \(reason)"))
    case .restart(let delay):
      return remove(then: .restart(after: delay, message: message))
    }
  }

  private mutating func remove(then next: Next) -> [Action] {
    phase = .removing
    record.next = next
    return [.save, .remove]
  }

  private mutating func proceed(_ next: Next, now: Timestamp) -> [Action] {
    record.next = nil
    switch next {
    case .restart(let delay, let message):
      guard isWanted else { return proceed(.end(.shutdown, message: ""), now: now) }
      phase = .waiting
      record.attempt += 1
      record.startedIn = nil
      record.status.nextAttemptAt = now + delay
      return [.save, report(.waiting, message, now), .wait(delay)]
    case .end(let state, let message):
      phase = .ended
      record.status.nextAttemptAt = nil
      let final = report(state, message, now)
      return [.save, final] + (isForgotten ? [.forget] : [])
    }
  }

  mutating func report(_ state: TaskState, _ message: String, _ now: Timestamp) -> Action {
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
    if state != .running { health = nil }
  }
}
