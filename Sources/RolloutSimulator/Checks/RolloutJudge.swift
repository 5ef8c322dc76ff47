import ClusterModel
import SimulationEngine

/// Judges what the managers do by what was reported and asked for. It keeps its own books and asks nothing of the planner.
struct RolloutJudge {
  /// What is remembered of one service.
  struct Ledger {
    /// Each revision means one template for ever.
    var templates: [UInt64: TaskSpec] = [:]
    /// The last revision that all slots had, or the first.
    var lastWhole: UInt64
    /// Slots that have come to the rollout's revision.
    var reached: Set<SlotKey> = []
    /// Slots that had their turn in it: their first task of its revision was made, or the one before was stopped for it.
    var begun: Set<SlotKey> = []
    /// Slots that the rollout took and that have not served since.
    var taken: Set<SlotKey> = []
    /// The revisions that each slot's last wanted tasks had.
    var had: [SlotKey: Set<UInt64>] = [:]
    /// What a user wants back.
    var wantedBack: TaskSpec?
  }

  private(set) var ledgers: [ServiceID: Ledger] = [:]
  /// Tasks that have ended by themselves, or could not be started.
  private(set) var failed: Set<TaskID> = []
  /// Since when each task's present attempt runs, as far as it was told.
  private(set) var ranFrom: [TaskID: VirtualTime] = [:]

  mutating func created(_ service: ClusterService) {
    var ledger = Ledger(lastWhole: service.revision)
    ledger.templates[service.revision] = service.spec.task
    ledgers[service.id] = ledger
  }

  mutating func observe(task old: ClusterTask?, _ new: ClusterTask?, at now: VirtualTime) {
    guard let new else { return }
    let runsOn = old?.status.state == .running && old?.status.attempt == new.status.attempt
    if new.status.state == .running, !runsOn { ranFrom[new.id] = now }
    switch new.status.state {
    case .failed, .rejected: failed.insert(new.id)
    default:
      guard let exit = new.status.lastExit, new.status.attempt > old?.status.attempt ?? 0 else { return }
      if exit.reason == ExitStatus.lostWithItsMachine { failed.remove(new.id) } else { failed.insert(new.id) }
    }
  }

  /// Whether its attempt runs for as long as that, as far as it was told.
  func hasRun(_ task: ClusterTask, for duration: Duration, at now: VirtualTime) -> Bool {
    guard task.status.state == .running, let from = ranFrom[task.id] else { return false }
    return .microseconds(now - from) >= duration
  }

  func isLate(_ task: ClusterTask, _ policy: UpdatePolicy, at now: VirtualTime) -> Bool {
    !task.status.isUp && hasRun(task, for: max(policy.monitor, task.spec.readiness?.startPeriod ?? .zero), at: now)
  }

  mutating func judge(_ step: JudgedStep) throws(Violation) {
    guard var ledger = ledgers[step.service.id] else { return }
    if step.next.rollout?.startedAt != step.service.rollout?.startedAt || step.next.revision != step.service.revision { ledger.newRollout() }
    try judgeRevisions(step, &ledger)
    try judgeFailures(step)
    try judgeProofs(step)
    try judgeServing(step, &ledger)
    try judgeCreation(step, ledger)
    try judgePace(step, &ledger)
    try judgeStages(step)
    if step.isWhole { try judgeSlots(step) }
    try judgeCompletion(step, &ledger)
    ledger.note(step)
    ledgers[step.service.id] = ledger
  }

  /// - Parameter target: nil for the revision before.
  mutating func userRollsBack(_ service: ClusterService, to target: UInt64?) {
    let number = target ?? service.rollout?.from
    let wanted = number.flatMap { ledgers[service.id]?.templates[$0] }
    ledgers[service.id]?.wantedBack = wanted
  }

  mutating func userChanged(_ old: ClusterService, to new: ClusterService) throws(Violation) {
    guard var ledger = ledgers[new.id] else { return }
    if new.revision != old.revision || new.rollout?.startedAt != old.rollout?.startedAt {
      ledger.newRollout()
      if new.rollout?.kind == .rollback, let wanted = ledger.wantedBack, new.spec.task != wanted {
        throw Violation(.revisions, "a rollback of \(new.id) does not end at the template that was asked for")
      }
    }
    if old.rollout?.state == .paused, new.rollout?.state == .running, old.revision == new.revision, new.rollout?.failures != 0 {
      throw Violation(.failures, "the rollout of \(new.id) was resumed, and \(new.rollout?.failures ?? 0) failures still count")
    }
    ledger.wantedBack = nil
    try judgeRevisions(of: new, before: old, &ledger)
    ledgers[new.id] = ledger
  }
}

extension RolloutJudge.Ledger {
  mutating func newRollout() { (reached, begun) = ([], []) }

  mutating func note(_ step: JudgedStep) {
    var there: Set<SlotKey> = []
    for (key, slot) in step.slots where key.node == nil && step.isGone(key, slot) { had[key] = nil }
    // A global service's task that was never placed is forgotten with its node's drain.
    for (key, slot) in step.slots where !step.isGone(key, slot) {
      there.insert(key)
      let new = slot.after.filter { $0.desiredState == .running && $0.revision == step.next.revision }
      let wanted = slot.after.filter { $0.desiredState == .running }.map(\.revision)
      if !wanted.isEmpty { had[key] = Set(wanted) }
      let from = step.next.rollout?.startedAt ?? .epoch
      if step.next.isRolling, new.contains(where: { $0.meta.createdAt >= from }) { reached.insert(key) }
      // A paused rollout makes again what it had stopped.
      if !wanted.isEmpty, !wanted.contains(step.next.revision) { begun.remove(key) }
      if step.isSettled(slot) || slot.after.contains(where: step.serves) { taken.remove(key) }
    }
    reached.formIntersection(there)
    begun.formIntersection(there)
    taken.formIntersection(Set(step.slots.map(\.key)))
    if !step.next.isRolling { newRollout() }
  }
}
