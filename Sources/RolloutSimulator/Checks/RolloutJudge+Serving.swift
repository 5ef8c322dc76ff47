import ClusterModel

/// What serves, and in which order a slot's tasks follow each other.
extension RolloutJudge {
  func judgeServing(_ step: JudgedStep, _ ledger: inout Ledger) throws(Violation) {
    let rollout = step.next.rollout
    let isStartFirst = step.next.isRolling && step.isStartFirst
    let tolerated = Set((rollout?.failedTasks ?? []) + (step.service.rollout?.failedTasks ?? []))
    var taken: Set<SlotKey> = []
    for (key, slot) in step.slots {
      let lost = slot.before.filter { task in
        step.serves(task) && !step.isForfeit(task) && !slot.after.contains { $0.id == task.id && step.serves($0) }
      }
      // Scaling takes slots as a whole.
      guard let first = lost.first(where: { task in slot.after.contains { $0.id == task.id && $0.desiredState != .remove } }) else { continue }
      if (slot.before + slot.after).contains(where: { $0.revision == step.next.revision && tolerated.contains($0.id) }) { continue }
      // A job that is done.
      if slot.after.contains(where: { $0.revision == step.next.revision && $0.status.state == .complete }) { continue }
      let serving = slot.after.filter(step.serves)
      if isStartFirst {
        let isReplaced = serving.contains { hasProved($0, step) || $0.revision != step.next.revision } || first.revision == step.next.revision
        // Promoted, an old task is only put aside as soon as the new one serves, and comes back when it does not.
        if serving.isEmpty || (!isReplaced && step.blueGreen?.state != .promoted) {
          throw Violation(.order, "\(first.displayName)@\(first.revision) (\(first.id)) is stopped though no other one has proved itself")
        }
      } else if serving.isEmpty {
        guard step.next.isRolling else {
          throw Violation(.serving, "\(first.displayName) (\(first.id)) is stopped without a reason")
        }
        let wasUnderWay = slot.before.contains { $0.revision == step.next.revision && $0.desiredState == .running }
        if rollout?.state != .running, !wasUnderWay {
          throw Violation(.pause, "\(first.displayName) (\(first.id)) is stopped though the rollout is paused")
        }
        taken.insert(key)
      }
    }
    if taken.isEmpty { return }
    // What has come up again since counts no more.
    ledger.taken.formIntersection(Set(step.slots.map(\.key)))
    for (key, slot) in step.slots where slot.before.contains(where: step.serves) || step.isSettled(slot) || step.isGone(key, slot) {
      ledger.taken.remove(key)
    }
    ledger.taken.formUnion(taken)
    let most = step.next.rolloutPolicy.slotsAtOnce(of: step.slotCount) + step.slotsLeft
    if ledger.taken.count > most {
      throw Violation(.serving, "the rollout of \(step.service.id) has taken \(ledger.taken.count) slots at once, and may take \(most)")
    }
  }

  /// A task begins when none other of its slot runs, except for one that serves until this one does.
  func judgeCreation(_ step: JudgedStep, _ ledger: Ledger) throws(Violation) {
    for (key, slot) in step.slots {
      for task in slot.after where !slot.before.contains(where: { $0.id == task.id }) {
        try judgeRevision(of: task, key, slot, step, ledger)
        for other in slot.after where other.id != task.id && step.isThere(other) {
          let leaves = step.isDraining(other) && other.revision == task.revision
          // Where the next one was there already when the policy changed, it is made again beside the old one.
          let isStartFirst = step.isStartFirst || slot.before.contains { $0.desiredState == .running && $0.revision == task.revision }
          let isReplaced = step.next.isRolling && isStartFirst && other.revision != task.revision
          if other.desiredState == .running, other.status.isUp, leaves || isReplaced { continue }
          // Two sets side by side, and what stood by for a rollout before.
          if let both = step.blueGreen, other.isStandby || (other.revision == both.to) != (task.revision == both.to) { continue }
          throw Violation(.order, "\(task.displayName)@\(task.revision) (\(task.id)) begins beside \(other.id), which is \(other.status.state)")
        }
      }
    }
  }

  private func judgeRevision(
    of task: ClusterTask, _ key: SlotKey, _ slot: JudgedStep.Slot, _ step: JudgedStep, _ ledger: Ledger
  ) throws(Violation) {
    if task.spec != ledger.templates[task.revision] {
      throw Violation(.revisions, "\(task.displayName)@\(task.revision) (\(task.id)) is not made from its revision's template")
    }
    if task.revision == step.next.revision { return try judgePause(before: task, key, slot, step, ledger) }
    guard step.next.isRolling, let rollout = step.next.rollout else {
      throw Violation(.revisions, "\(task.displayName)@\(task.revision) (\(task.id)) is of a revision that nobody wants")
    }
    // Until a blue-green rollout is promoted, what serves beside the new tasks is made again.
    if ledger.reached.contains(key), step.blueGreen == nil || rollout.state == .promoted {
      throw Violation(.forward, "\(task.displayName) goes back to revision \(task.revision), after it had come to \(rollout.to)")
    }
    // Stopped for the new one it does not come again, unless its place was lost meanwhile.
    let isThere = slot.before.allSatisfy { step.node($0).map { $0.state == .ready && $0.availability == .active } ?? false && !step.isForfeit($0) }
    if ledger.begun.contains(key), rollout.state == .running, step.service.rollout?.state == .running, isThere, step.blueGreen == nil {
      throw Violation(.forward, "\(task.displayName) goes back to revision \(task.revision), after it was stopped for \(rollout.to)")
    }
    let had = Set(slot.before.filter { $0.desiredState != .remove && !$0.isStandby }.map(\.revision))
    if let both = step.blueGreen, both.state != .promoted, task.revision == both.from { return }
    if had.isEmpty, rollout.kind == .rollback {
      throw Violation(.forward, "\(task.displayName) is new, and begins with revision \(task.revision), which is rolled back")
    }
    if had.isEmpty ? task.revision != rollout.from : !had.contains(task.revision) {
      throw Violation(
        .revisions, "\(task.displayName)@\(task.revision) (\(task.id)): the slot had \(had.sorted()), the rollout is from \(rollout.from)")
    }
  }

  /// A slot that a paused rollout has brought nowhere yet stays where it was, or goes back there.
  private func judgePause(
    before task: ClusterTask, _ key: SlotKey, _ slot: JudgedStep.Slot, _ step: JudgedStep, _ ledger: Ledger
  ) throws(Violation) {
    guard step.next.rollout?.state == .paused, step.blueGreen == nil, step.next.isRolling else { return }
    if ledger.reached.contains(key) || ledger.had[key]?.contains(task.revision) == true { return }
    let own = slot.before.filter { $0.desiredState != .remove && !$0.isStandby }
    if own.isEmpty || own.contains(where: { $0.revision == task.revision && $0.desiredState == .running }) { return }
    throw Violation(.pause, "\(task.displayName)@\(task.revision) (\(task.id)) begins though the rollout is paused")
  }

  /// Once everything that was planned is stored.
  func judgeSlots(_ step: JudgedStep) throws(Violation) {
    var slots = 0
    for (_, slot) in step.slots {
      let wanted = slot.after.filter { $0.desiredState == .running }
      if wanted.isEmpty {
        if slot.after.contains(where: { !$0.status.state.isTerminal }) { slots += 1 }
        continue
      }
      slots += 1
      let byRevision = Dictionary(grouping: wanted, by: \.revision)
      let doubled = byRevision.values.first { $0.count > 1 && !$0.contains(where: step.isDraining) }
      if let doubled, let task = doubled.first {
        throw Violation(.uniqueness, "\(task.displayName)@\(task.revision) is wanted \(doubled.count) times: \(doubled.map(\.id))")
      }
      // One that is replaced, the next one, and where that leaves its node, one more.
      if wanted.count > (wanted.contains(where: step.isDraining) ? 3 : 2) + (step.blueGreen == nil ? 0 : 2) {
        throw Violation(.uniqueness, "\(wanted[0].displayName) is wanted \(wanted.count) times: \(wanted.map(\.id))")
      }
      if !step.next.isRolling, let stale = wanted.first(where: { $0.revision != step.next.revision }) {
        throw Violation(.uniqueness, "\(stale.displayName)@\(stale.revision) (\(stale.id)) is wanted, and no rollout is under way")
      }
      for task in wanted where task.isPlacedForReal && step.isDraining(task) && step.isForfeit(task) && step.node(task)?.state == .ready {
        throw Violation(.drain, "\(task.displayName) (\(task.id)) stays on \(task.nodeID?.rawValue ?? "") past its drain's deadline")
      }
    }
    if case .replicated(let replicas) = step.next.spec.mode, slots < replicas {
      throw Violation(.uniqueness, "\(step.service.id) has \(slots) slots, and should have \(replicas)")
    }
  }
}

extension ClusterTask {
  /// Its node's worker knows it, and it has not ended.
  fileprivate var isPlacedForReal: Bool { nodeID != nil && status.state != .pending && !status.state.isTerminal }
}
