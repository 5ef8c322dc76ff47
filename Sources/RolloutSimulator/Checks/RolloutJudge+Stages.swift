import ClusterModel

/// Rollouts that wait to be promoted.
extension RolloutJudge {
  /// Before a blue-green rollout is promoted, nothing of it serves; none is staged before it is as far as it goes.
  func judgeStages(_ step: JudgedStep) throws(Violation) {
    if let rollout = step.blueGreen, rollout.state != .promoted, step.isWhole {
      // What served already when the rollout began, because it leads back to it, goes on.
      let new = step.nextTasks.filter { $0.revision == rollout.to && $0.desiredState == .running && !$0.isStandby }
      let kept = Set((step.tasks + step.nextTasks).filter { $0.revision == rollout.to && $0.meta.createdAt < rollout.startedAt }.map(SlotKey.init))
      let early = new.first { !kept.contains(SlotKey($0)) }
      if let early { throw Violation(.stages, "\(early.displayName)@\(early.revision) (\(early.id)) serves before its rollout is promoted") }
    }
    guard let rollout = step.next.rollout, rollout.state == .staged, step.service.rollout?.state == .running else { return }
    let done = step.slots.filter { isThrough($0.slot, step, rollout) }.count
    let most = rollout.isBlueGreen ? step.slotCount : share(of: rollout, step)
    if done < min(most, step.slotCount) {
      throw Violation(.stages, "the rollout of \(step.service.id) waits to be promoted, and \(done) of \(most) slots have proved themselves")
    }
  }

  /// A canary goes to its share, and no further.
  func judgeShare(_ step: JudgedStep, _ rollout: Rollout) throws(Violation) {
    let new = step.slots.filter { $0.slot.after.contains { $0.desiredState == .running && $0.revision == rollout.to } }.count
    let most = share(of: rollout, step)
    if new > most + step.slotsLeft {
      throw Violation(.stages, "\(new) slots of \(step.service.id) are at revision \(rollout.to), and the canary's share is \(most)")
    }
  }

  private func share(of rollout: Rollout, _ step: JudgedStep) -> Int {
    guard case .canary(let weights) = rollout.strategy, rollout.promotions < weights.count else { return step.slots.count }
    return max(1, Int((Double(step.slotCount * weights[rollout.promotions]) / 100).rounded(.up)))
  }

  private func isThrough(_ slot: JudgedStep.Slot, _ step: JudgedStep, _ rollout: Rollout) -> Bool {
    (slot.before + slot.after).contains { task in
      guard task.desiredState == .running, task.revision == rollout.to else { return false }
      return hasProved(task, step) || rollout.failedTasks.contains(task.id)
    }
  }
}
