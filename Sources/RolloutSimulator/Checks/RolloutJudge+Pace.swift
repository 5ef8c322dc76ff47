import ClusterModel

/// How many slots are on their way, when the next one begins, and when all are at the end.
extension RolloutJudge {
  func judgePace(_ step: JudgedStep, _ ledger: inout Ledger) throws(Violation) {
    // Blue-green brings all slots at once, beside those that serve.
    guard step.next.isRolling, let rollout = step.next.rollout, !rollout.isBlueGreen else { return }
    let begun = step.slots.filter { begins($0.key, $0.slot, step, ledger) }
    ledger.begun.formUnion(begun.map(\.key))
    guard let first = begun.first else { return }
    let name = "slot \(first.key.number)\(first.key.node.map { " on \($0)" } ?? "") of \(step.service.id)"
    if rollout.state != .running { throw Violation(.pause, "\(name) begins though the rollout is \(rollout.state)") }
    try judgeShare(step, rollout)
    let policy = step.next.rolloutPolicy
    let most = policy.slotsAtOnce(of: step.slotCount)
    let underWay = step.slots.filter { key, slot in
      begun.contains { $0.key == key } || (isUnderWay(slot.before, step) && isUnderWay(slot.after, step))
        || (ledger.begun.contains(key) && isBetweenTasks(key, slot, step))
    }.count
    if underWay > most + step.slotsLeft {
      throw Violation(.pace, "\(underWay) slots of \(step.service.id) are on their way at once, and \(most) may be")
    }
    let proofs = step.nextTasks.filter { $0.desiredState == .running && $0.revision == rollout.to }.compactMap(\.provenAt)
    if step.slotsLeft == 0, policy.delay > .zero, let last = proofs.max(), last >= rollout.startedAt, last + policy.delay > step.time {
      throw Violation(.pace, "\(name) begins \(step.time - last) after the last one, and the delay is \(policy.delay)")
    }
  }

  /// Whether the slot comes to the rollout's revision in this step: its first task of it is made, or the one before is stopped for it.
  private func begins(_ key: SlotKey, _ slot: JudgedStep.Slot, _ step: JudgedStep, _ ledger: Ledger) -> Bool {
    let to = step.next.revision
    if slot.before.contains(where: { $0.revision == to && $0.desiredState == .running }) || ledger.reached.contains(key) { return false }
    // A slot that is new has nothing of the old to go through first, where that is what is left.
    if step.next.rollout?.kind == .rollback, slot.before.allSatisfy({ $0.desiredState == .remove || $0.isStandby }) { return false }
    // Its turn came before, or it had the revision all along.
    let isEmpty = !slot.before.contains { $0.desiredState == .running }
    if ledger.taken.contains(key) || ledger.begun.contains(key) || (isEmpty && ledger.had[key]?.contains(to) == true) { return false }
    if isEmpty, key.node != nil, slot.before.contains(where: { $0.revision == to }) { return false }
    let wanted = slot.after.filter { $0.desiredState == .running }
    if wanted.contains(where: { task in task.revision == to && !slot.before.contains { $0.id == task.id } }) { return true }
    if !wanted.isEmpty { return false }
    return slot.before.contains { task in
      task.desiredState == .running && slot.after.contains { $0.id == task.id && $0.desiredState == .shutdown && $0.supersededBy == to }
    }
  }

  /// Whether the old one still stops. What its node took along is not waited for.
  private func isBetweenTasks(_ key: SlotKey, _ slot: JudgedStep.Slot, _ step: JudgedStep) -> Bool {
    let isEmpty = !(slot.before + slot.after).contains { $0.desiredState == .running }
    return isEmpty && slot.before.contains(where: step.isThere) && !step.isGone(key, slot)
  }

  /// The step may have been cut off before that was noted.
  func hasProved(_ task: ClusterTask, _ step: JudgedStep) -> Bool {
    if task.provenAt != nil || task.status.state == .complete { return true }
    return task.status.isUp && hasRun(task, for: step.service.rolloutPolicy.monitor, at: step.now)
  }

  /// What has to be made again, because it was lost with its node, was there and counts no more.
  private func isUnderWay(_ tasks: [ClusterTask], _ step: JudgedStep) -> Bool {
    let to = step.next.revision
    let new = tasks.filter { $0.desiredState == .running && $0.revision == to }
    if new.isEmpty || new.contains(where: { step.next.rollout?.failedTasks.contains($0.id) == true }) { return false }
    return !new.contains { hasProved($0, step) } || tasks.contains { $0.revision != to && step.isThere($0) }
  }

  func judgeCompletion(_ step: JudgedStep, _ ledger: inout Ledger) throws(Violation) {
    guard let rollout = step.next.rollout, rollout.state == .completed, step.service.rollout?.state != .completed else { return }
    ledger.lastWhole = rollout.to
    // A step that was cut off may have left slots that are to go.
    let slots = step.slots.filter { $0.slot.after.contains { $0.desiredState == .running || !$0.status.state.isTerminal } }.count
    var mayBeOpen = step.isWhole ? 0 : slots - step.slotCount
    for (key, slot) in step.slots {
      guard let complaint = complaint(about: slot, step, rollout) else { continue }
      mayBeOpen -= 1
      if mayBeOpen >= 0 { continue }
      throw Violation(
        .completion, "the rollout is complete, and slot \(key.number)\(key.node.map { " on \($0)" } ?? "") of \(step.service.id) \(complaint)")
    }
  }

  private func complaint(about slot: JudgedStep.Slot, _ step: JudgedStep, _ rollout: Rollout) -> String? {
    let wanted = slot.after.filter { $0.desiredState == .running }
    let new = slot.before.filter { $0.desiredState == .running } + wanted
    if wanted.isEmpty, !new.contains(where: { rollout.failedTasks.contains($0.id) }) {
      let isStopped = slot.after.contains { $0.desiredState == .shutdown && !$0.status.state.isTerminal && !step.isForfeit($0) }
      return isStopped && !rollout.isBlueGreen ? "has no task" : nil
    }
    // What was lost with its node in this step is made again.
    let isDone = new.contains { task in
      task.revision == rollout.to && (hasProved(task, step) || rollout.failedTasks.contains(task.id))
    }
    // Once promoted, new tasks are replaced as they are without a rollout.
    if !isDone, !rollout.isBlueGreen { return "has not proved itself" }
    let isTolerated = new.contains { rollout.failedTasks.contains($0.id) }
    let old = slot.before.first { $0.revision != rollout.to && step.isThere($0) }
    return isTolerated ? nil : old.map { "still has \($0.id), which is \($0.status.state)" }
  }
}
