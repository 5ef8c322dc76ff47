import ClusterModel
import Orchestration
import SimulationEngine

/// What `ControlLoops` does, one transaction at a time, so that others come between two of one step.
extension RolloutSimulation {
  func work() throws(Violation) {
    isWorkScheduled = false
    let left = rest
    rest = nil
    let due = left ?? agenda.take(now: time) { store.services.map(\.id) }
    if !due.services.isEmpty || due.placement { try reconcile(due.services, placement: due.placement) }
    // What was noted while the step went on has to be looked at after it.
    if left != nil || rest != nil { scheduleWork() } else { startTimer() }
  }

  private func reconcile(_ services: [ServiceID], placement: Bool) throws(Violation) {
    var transaction = SimulatedTransaction(base: store)
    let reconciler = Reconciler(now: time, newID: newID, budget: TransactionBudget(bytes: plan.transactionBytes))
    let outcome: Reconciler.Outcome
    do { outcome = try reconciler.run(services, placement: placement, in: &transaction) } catch { throw Violation(.consistency, "\(error)") }
    if let error = outcome.failed.values.first { throw Violation(.consistency, "\(error)") }
    for (service, wakeAt) in outcome.done { agenda.wake(service, at: wakeAt) }
    if let time = outcome.placeAgainAt { agenda.wakePlacement(at: time) }
    let before = store
    commit(transaction)
    transactions += 1
    count(before)
    for service in before.services {
      let step = JudgedStep(
        service: service, tasks: before.tasks(ofService: service.id), next: store.service(service.id) ?? service,
        nextTasks: store.tasks(ofService: service.id),
        nodes: store.nodes, isWhole: outcome.done.keys.contains(service.id), now: now, time: time)
      try judge.judge(step)
    }
    guard outcome.hasMore else { return }
    counts[.transactionCut] += 1
    rest = (services.filter { !outcome.done.keys.contains($0) }, true)
    if plan.troubles.contains(.leaderDeath), !isHealed, random.chance(15) {
      counts[.deathInTheMiddle] += 1
      loseLeader()
    }
  }

  private func newID() -> TaskID {
    serial += 1
    // Their order says nothing about which is older.
    return TaskID("\(Character(UnicodeScalar(UInt8(random.int(in: 97...122)))))\(serial)")
  }

  private func count(_ before: SimulatedStore) {
    for (old, new) in zip(before.services, store.services) where old.rollout != new.rollout {
      guard let rollout = new.rollout else { continue }
      if rollout.state == .completed { counts[.completed] += 1 }
      if rollout.state == .staged, old.rollout?.state == .running { counts[.staged] += 1 }
      if rollout.state == .paused, old.rollout?.state == .running { counts[.failedAndPaused] += 1 }
      if rollout.kind == .rollback, old.rollout?.kind == .update { counts[.failedAndRolledBack] += 1 }
    }
  }

  private func startTimer() {
    guard let leader, let wake = agenda.nextWake.map(Self.virtualTime) else { return }
    let due = max(wake, now + .milliseconds(1))
    if let timer, timer <= due { return }
    timer = due
    queue.schedule(.wake(leader: leader), at: due)
  }

  /// What the loops remembered is gone; what they had stored is not.
  func loseLeader() {
    guard leader != nil else { return }
    counts[.leaderDeath] += 1
    note("the leader dies")
    leader = nil
    rest = nil
    schedule(.elected, after: .milliseconds(random.int(in: 200...4000)))
  }

  func elected() {
    leaders += 1
    leader = leaders
    note("manager \(leaders) leads")
    agenda = Agenda()
    agenda.begin(with: store.nodes, store.services)
    timer = nil
    isWorkScheduled = false
    scheduleWork()
    for worker in workers where worker.isConnected {
      schedule(.obey(node: worker.id), after: random.int(in: plan.link))
      schedule(.report(node: worker.id), after: random.int(in: plan.link))
    }
  }
}
