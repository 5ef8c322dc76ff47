import ClusterModel

/// Brings the slots of a service to its revision, a few at a time, by what the tasks' reports say.
///
/// It remembers nothing: how far a slot is follows from its tasks, and what does not is in the service's `Rollout`. So it does not matter which
/// manager takes the next step.
extension ServicePlanner {
  /// A slot, or one node's share of a global service.
  struct Slot {
    struct Key: Hashable {
      var number: Int
      var node: NodeID?
    }

    let key: Key
    /// The oldest first.
    let members: [ClusterTask]

    init(_ number: Int, on node: NodeID? = nil, members: [ClusterTask]) {
      self.init(Key(number: number, node: node), of: members)
    }

    init(_ key: Key, of members: [ClusterTask]) {
      self.key = key
      self.members = members.sorted { ServicePlanner.isNewer($1, $0) }
    }
  }

  /// What a slot's next task is made from.
  struct Template {
    let number: UInt64
    let spec: TaskSpec
  }

  private enum Progress: Equatable {
    case waiting(isUp: Bool)
    case underWay
    case done
  }

  /// Whether a rollout replaces a task only when the next one has proved itself: also when the next one is there already, because the order
  /// was another when it was made.
  func isReplacedLast(by template: Template, _ others: [ClusterTask]) -> Bool {
    guard service.isRolling else { return false }
    return service.spec.order(of: service.rolloutPolicy).order == .startFirst
      || others.contains { $0.desiredState == .running && $0.revision == template.number && !isLeavingNode($0) }
  }

  private func isLeavingNode(_ task: ClusterTask) -> Bool { task.nodeID.flatMap { nodes[$0] }?.availability == .drain }

  /// A slot keeps the revision that it has until its turn, and never goes back: also when its task has to be replaced meanwhile.
  func template(for slot: Slot) -> Template {
    guard service.isRolling, let rollout = service.rollout, !turn.contains(slot.key) else { return newTemplate }
    // What scaling took away is no part of the slot any more.
    let members = members(of: slot).filter { $0.desiredState != .remove }.sorted(by: Self.isRetiredLater)
    let wanted = members.filter { $0.desiredState == .running }
    if wanted.contains(where: { $0.revision == rollout.to }) { return newTemplate }
    // What stood by never was the slot's.
    let ended = members.filter { $0.desiredState != .running && !$0.isStandby }
    if wanted.isEmpty, let last = ended.first, isTaken(last, by: rollout) { return newTemplate }
    // A task of it that an earlier rollout left here says nothing.
    if members.contains(where: { $0.revision == rollout.to && $0.meta.createdAt >= rollout.startedAt }) { return newTemplate }
    // Of two that another rollout left here, the one that serves; of those that have ended, the one that was wanted last.
    let stays = wanted.first { isUp($0) && !isLeavingNode($0) }
    let last = stays ?? wanted.first(where: isUp) ?? wanted.first ?? ended.first
    // By the task itself: after many updates its revision may be forgotten.
    if let last { return Template(number: last.revision, spec: last.spec) }
    // A new slot waits for the new revision to prove itself, but not for one that is gone back to.
    if rollout.kind == .rollback { return newTemplate }
    return service.template(of: rollout.from).map { Template(number: rollout.from, spec: $0) } ?? newTemplate
  }

  /// Whether it was stopped because it was its slot's turn. A rollout that is paused since goes no further with it, and a node that was lost
  /// gave its turn to another.
  private func isTaken(_ task: ClusterTask, by rollout: Rollout) -> Bool {
    guard rollout.state == .running, task.supersededBy == rollout.to, let retiredAt = task.retiredAt else { return false }
    return retiredAt >= rollout.startedAt && task.status.state != .orphaned
  }

  var newTemplate: Template { Template(number: service.revision, spec: service.spec.task) }

  /// Notes which tasks have proved themselves and which have failed, draws the consequences, and says whose turn it is.
  mutating func advanceRollout(of slots: [Slot]) {
    guard service.isRolling else { return }
    for slot in slots { prove(slot) }
    let revision = service.revision
    if service.rollout?.state == .running { countFailures(in: slots) }
    if let rollout = blueGreen { return advance(rollout, of: slots) }
    // A rollback begins with the next plan: its template may be for other nodes.
    guard let rollout = service.rollout, rollout.state == .running, service.revision == revision else { return }
    let progress = slots.map { self.progress(of: $0, rollout) }
    let begun = progress.count { $0 == .done || $0 == .underWay }
    if progress.allSatisfy({ $0 == .done }) {
      complete()
    } else if let share = rollout.share(of: slots.count), begun >= share {
      stage(rollout, progress.count { $0 == .done }, of: slots.count, share: share)
    } else {
      let most = rollout.share(of: slots.count).map { $0 - begun } ?? slots.count
      begin(zip(slots, progress), atOnce: service.rolloutPolicy.slotsAtOnce(of: slots.count), most: most)
    }
  }

  /// A canary that has come to its share.
  private mutating func stage(_ rollout: Rollout, _ done: Int, of total: Int, share: Int) {
    if done < share { return }
    service.rollout?.state = .staged
    service.rollout?.message = "\(done) of \(total) \(total == 1 ? "task" : "tasks") run revision \(rollout.to)"
  }

  mutating func complete() {
    // What is let go with its slot or node has to be so in the store: a rollout that is over would not keep it, were it wanted again.
    let isLettingGo = before.values.contains {
      $0.desiredState == .running && $0.revision != service.revision && tasks[$0.id]?.desiredState != .running
    }
    if isLettingGo { return }
    service.rollout?.state = .completed
    service.rollout?.endedAt = now
  }

  func members(of slot: Slot) -> [ClusterTask] { slot.members.compactMap { tasks[$0.id] } }
  func current(_ slot: Slot) -> [ClusterTask] { members(of: slot).filter { $0.desiredState == .running } }

  private mutating func prove(_ slot: Slot) {
    for var task in current(slot) where task.revision == service.revision && task.provenAt == nil {
      switch task.status.state {
      case .complete: break
      case .running:
        let due = task.ranFrom + service.rolloutPolicy.monitor
        guard due <= now else {
          wakeAt = min(wakeAt ?? due, due)
          continue
        }
        guard isUp(task), task.status.isStandby == task.isStandby else { continue }
      default: continue
      }
      task.provenAt = now
      tasks[task.id] = task
    }
  }

  private mutating func countFailures(in slots: [Slot]) {
    var last: ClusterTask?
    for task in slots.flatMap(current) where task.revision == service.revision && task.provenAt == nil && (task.hasFailed || isLate(task)) {
      if service.rollout?.failedTasks.contains(task.id) == true { continue }
      service.rollout?.failedTasks.append(task.id)
      service.rollout?.failures += 1
      last = task
    }
    let policy = service.rolloutPolicy
    // A rollback tells of them, too.
    defer { if let last { service.rollout?.lastLines = last.lastLines } }
    guard let last, let rollout = service.rollout, Double(rollout.failures) > policy.maxFailureRatio * Double(slots.count) else { return }
    let reason = "\(last.displayName) failed: \(last.failureText)"
    do throws(WarrenError) {
      switch policy.failureAction {
      case .proceed: break
      case .rollback where rollout.kind == .update: try service.rollBack(to: rollout.from, because: reason, at: now)
      case .pause, .rollback: try service.pauseRollout(because: reason)
      }
    } catch {
      // There is nothing to go back to any more.
      service.rollout?.state = .paused
      service.rollout?.message = "\(reason); \(error.message)"
    }
  }

  /// Whether it runs for as long as it may take to become ready, and is not.
  private mutating func isLate(_ task: ClusterTask) -> Bool {
    guard task.status.state == .running, !task.status.isUp, task.nodeID.map(nodes.isUp) == true else { return false }
    let due = task.ranFrom + max(service.rolloutPolicy.monitor, task.readinessCheck?.startPeriod ?? .zero)
    if due > now { wakeAt = min(wakeAt ?? due, due) }
    return due <= now
  }

  private func progress(of slot: Slot, _ rollout: Rollout) -> Progress {
    let wanted = current(slot)
    // Two, when one of them leaves its node.
    let new = wanted.filter { $0.revision == rollout.to }
    // It has the revision, or had its turn; the task comes when the one before has stopped.
    if wanted.isEmpty, template(for: slot).number == rollout.to { return .underWay }
    // What stands by for another rollout goes now, and serves nobody.
    if new.isEmpty { return .waiting(isUp: wanted.contains { isUp($0) && !$0.isStandby && $0.status.isServing }) }
    // One that has failed and is tolerated must not hold the others up.
    if new.contains(where: { rollout.failedTasks.contains($0.id) }) { return .done }
    // The next slot's new task gets the room of this one's old task.
    let isAlone = members(of: slot).allSatisfy { $0.revision == rollout.to || $0.status.state.isTerminal }
    return new.contains { $0.provenAt != nil } && isAlone ? .done : .underWay
  }

  /// - Parameter most: slots that may begin though there be room for more at once.
  private mutating func begin(_ slots: some Sequence<(Slot, Progress)>, atOnce: Int, most: Int) {
    let room = min(atOnce - slots.filter { $0.1 == .underWay }.count, most)
    if room <= 0 { return }
    let policy = service.rolloutPolicy
    let lastProof = slots.flatMap { current($0.0) }.filter { $0.revision == service.revision }.compactMap(\.provenAt).max()
    if policy.delay > .zero, let lastProof, let rollout = service.rollout, lastProof >= rollout.startedAt, lastProof + policy.delay > now {
      let due = lastProof + policy.delay
      wakeAt = min(wakeAt ?? due, due)
      return
    }
    // Where nothing serves there is nothing to lose.
    let waiting = slots.filter { if case .waiting = $0.1 { true } else { false } }
    let down = waiting.filter { $0.1 == .waiting(isUp: false) }
    let up = waiting.filter { $0.1 == .waiting(isUp: true) }
    turn = Set((down + up).prefix(room).map(\.0.key))
  }
}

extension ClusterTask {
  /// Whether its container has ended or could not be started, for which neither its machine nor the engine is to blame.
  fileprivate var hasFailed: Bool {
    switch status.state {
    case .failed, .rejected: true
    default: status.attempt > 0 && status.lastExit.map { $0.reason != ExitStatus.lostWithItsMachine } ?? false
    }
  }

  /// What its log said last, as far as its worker told.
  fileprivate var lastLines: [String] {
    if let health = status.health, status.state == .running { return health.lastLines }
    return status.lastExit?.lastLines ?? []
  }

  /// By the managers' clock.
  fileprivate var ranFrom: Timestamp { runningSince ?? meta.updatedAt }

  /// Why, for people.
  fileprivate var failureText: String {
    if let health = status.health, status.state == .running, !health.isReady {
      return health.output.isEmpty ? "not ready in time" : "not ready in time: \(health.output)"
    }
    // Others' messages may be whole sentences; this one goes on.
    if !status.message.isEmpty { return status.message.hasSuffix(".") ? String(status.message.dropLast()) : status.message }
    return status.lastExit?.reason ?? "\(status.state)"
  }
}
