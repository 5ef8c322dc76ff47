import ClusterModel

/// Which tasks have proved themselves, which have failed, and what follows.
extension RolloutJudge {
  func judgeProofs(_ step: JudgedStep) throws(Violation) {
    for task in step.nextTasks where task.provenAt != nil {
      if step.tasks.contains(where: { $0.id == task.id && $0.provenAt == task.provenAt }) { continue }
      if task.status.state == .complete { continue }
      // By the policy of the rollout that watched it: this step may have begun another one.
      let policies = [step.service.rolloutPolicy, step.next.rolloutPolicy]
      if !task.status.isUp { throw Violation(.proof, "\(task.displayName)@\(task.revision) (\(task.id)) has proved itself, and is not up") }
      if step.node(task)?.state != .ready {
        throw Violation(.proof, "\(task.displayName)@\(task.revision) (\(task.id)) has proved itself on a node that is down")
      }
      if !policies.contains(where: { hasRun(task, for: $0.monitor, at: step.now) }) {
        throw Violation(.proof, "\(task.displayName)@\(task.revision) (\(task.id)) has proved itself before the monitor time was over")
      }
    }
  }

  func judgeFailures(_ step: JudgedStep) throws(Violation) {
    guard let before = step.service.rollout, let after = step.next.rollout else { return }
    let policy = step.service.rolloutPolicy
    if after.startedAt != before.startedAt || after.to != before.to { return try judgeRolledBack(step, before, after) }
    let counted = after.failedTasks.dropFirst(before.failedTasks.count)
    if Array(after.failedTasks.prefix(before.failedTasks.count)) != before.failedTasks || Set(after.failedTasks).count != after.failedTasks.count {
      throw Violation(.failures, "the failed tasks of \(step.service.id) were \(before.failedTasks), and are \(after.failedTasks)")
    }
    if after.failures != before.failures + counted.count {
      throw Violation(
        .failures, "\(counted.count) tasks of \(step.service.id) failed, and the count went from \(before.failures) to \(after.failures)")
    }
    for id in counted { try judgeFailure(id, step, policy) }
    let exceeds = Double(after.failures) > policy.maxFailureRatio * Double(step.slotCount)
    if after.state == .running, !counted.isEmpty, exceeds, policy.failureAction != .proceed {
      throw Violation(.failures, "\(after.failures) of \(step.slotCount) slots of \(step.service.id) failed, and the rollout goes on")
    }
    if after.state == .paused, before.state == .running {
      if counted.isEmpty || !exceeds { throw Violation(.failures, "the rollout of \(step.service.id) is paused, and \(after.failures) failed") }
      if after.message.isEmpty { throw Violation(.failures, "the rollout of \(step.service.id) is paused without a reason") }
      if policy.failureAction == .rollback, before.kind == .update {
        throw Violation(.failures, "the rollout of \(step.service.id) is paused, and should be rolled back")
      }
    }
    if after.state == .running, step.isWhole, let missed = failing(step.nextTasks, after, step).first(where: { !after.failedTasks.contains($0) }) {
      throw Violation(.failures, "\(missed) has failed, and was not counted")
    }
  }

  private func judgeFailure(_ id: TaskID, _ step: JudgedStep, _ policy: UpdatePolicy) throws(Violation) {
    guard let task = step.tasks.first(where: { $0.id == id }) else { throw Violation(.failures, "\(id) counts as failed, and is not there") }
    if task.provenAt != nil { throw Violation(.failures, "\(id) counts as failed, after it had proved itself") }
    if !failed.contains(id), !isLate(task, policy, at: step.now) || step.node(task)?.state != .ready {
      throw Violation(.failures, "\(id) counts as failed, and has not: \(task.status)")
    }
  }

  /// Tasks of a rollout's revision that have failed before they could prove themselves.
  private func failing(_ tasks: [ClusterTask], _ rollout: Rollout, _ step: JudgedStep) -> [TaskID] {
    tasks.filter { task in
      task.desiredState == .running && task.revision == rollout.to && task.provenAt == nil
        && (failed.contains(task.id) || (isLate(task, step.service.rolloutPolicy, at: step.now) && step.node(task)?.state == .ready))
    }.map(\.id)
  }

  private func judgeRolledBack(_ step: JudgedStep, _ before: Rollout, _ after: Rollout) throws(Violation) {
    let policy = step.service.rolloutPolicy
    let name = step.service.id
    let slots = step.slotCount(of: step.service)
    guard after.kind == .rollback, before.kind == .update, before.state == .running, policy.failureAction == .rollback else {
      throw Violation(.failures, "the loops began a \(after.kind) of \(name) by themselves")
    }
    if after.to != before.from { throw Violation(.failures, "\(name) is rolled back to \(after.to), and came from \(before.from)") }
    let counted = failing(step.tasks, before, step).filter { !before.failedTasks.contains($0) }.count
    if counted == 0 || Double(before.failures + counted) <= policy.maxFailureRatio * Double(slots) {
      throw Violation(.failures, "\(name) is rolled back, and \(before.failures + counted) of \(slots) failed")
    }
    if after.message.isEmpty { throw Violation(.failures, "\(name) is rolled back without a reason") }
  }
}
