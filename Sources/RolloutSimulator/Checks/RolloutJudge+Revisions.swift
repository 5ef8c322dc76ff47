import ClusterModel

/// Revisions, and the end of a run.
extension RolloutJudge {
  func judgeRevisions(_ step: JudgedStep, _ ledger: inout Ledger) throws(Violation) {
    try judgeRevisions(of: step.next, before: step.service, &ledger)
  }

  func judgeRevisions(of service: ClusterService, before: ClusterService, _ ledger: inout Ledger) throws(Violation) {
    let numbers = service.revisions.map(\.number)
    if Set(numbers).count != numbers.count || numbers.contains(service.revision) {
      throw Violation(.revisions, "\(service.id) has revision \(service.revision) and others: \(numbers)")
    }
    if numbers.count >= 10 { throw Violation(.revisions, "\(service.id) has \(numbers.count) other revisions") }
    for (number, task) in service.revisions.map({ ($0.number, $0.task) }) + [(service.revision, service.spec.task)] {
      if let known = ledger.templates[number], known != task {
        throw Violation(.revisions, "revision \(number) of \(service.id) is another than it was")
      }
      ledger.templates[number] = task
    }
    guard let rollout = service.rollout else { return }
    if rollout.to != service.revision {
      throw Violation(.revisions, "\(service.id) is at \(service.revision), and its rollout goes to \(rollout.to)")
    }
    if service.isRolling, service.template(of: rollout.from) == nil {
      throw Violation(.revisions, "\(service.id) does not know revision \(rollout.from) any more, from which its rollout comes")
    }
    if rollout.startedAt != before.rollout?.startedAt || rollout.to != before.rollout?.to {
      // What replaces a rollout in the middle comes from where that came from; what replaces a rollback from where that led, which was whole.
      var from = ledger.lastWhole
      if let left = before.rollout, !left.isOver {
        let isBase = left.state == .promoted || left.kind == .rollback || left.from == rollout.to
        from = isBase ? before.revision : left.from
      }
      if rollout.from != from { throw Violation(.revisions, "the rollout of \(service.id) is from \(rollout.from), and not from \(from)") }
    }
  }

  /// When all trouble has ended.
  func judgeEnd(of service: ClusterService, tasks: [ClusterTask], nodes: [ClusterNode], resumed: Bool) throws(Violation) {
    let wanted = tasks.filter { $0.desiredState == .running }
    if let rollout = service.rollout, rollout.state != .completed {
      // Where a new task has been given up, the old one serves on.
      let covers = rollout.state == .promoted && wanted.contains { $0.revision == rollout.to && $0.status.state.isTerminal }
      if covers { return }
      if resumed { throw Violation(.convergence, "the rollout of \(service.id) is not complete") }
      if !rollout.waitsForPeople || rollout.message.isEmpty {
        throw Violation(.convergence, "the rollout of \(service.id) is neither complete nor paused for a reason")
      }
    } else if let stale = wanted.first(where: { $0.revision != service.revision }) {
      throw Violation(.convergence, "\(stale.displayName)@\(stale.revision) is not of revision \(service.revision)")
    }
    let open = tasks.first { $0.desiredState != .running && !$0.status.state.isTerminal }
    if let open { throw Violation(.convergence, "\(open.displayName) (\(open.id)) has not stopped") }
    let down = wanted.first { !$0.status.isUp && $0.status.state != .complete && $0.status.state != .failed }
    if let down, service.rollout?.waitsForPeople != true { throw Violation(.convergence, "\(down.displayName) (\(down.id)) is \(down.status.state)") }
    switch service.spec.mode {
    case .replicated(let replicas):
      let slots = Set(wanted.map(\.slot))
      if slots.count != replicas { throw Violation(.convergence, "\(service.id) has slots \(slots.sorted()), and should have \(replicas)") }
    case .global:
      let expected = Set(nodes.filter { JudgedStep.allows($0, service.spec.task) }.map(\.id))
      if Set(wanted.compactMap(\.nodeID)) != expected {
        throw Violation(.convergence, "\(service.id) is on \(wanted.compactMap(\.nodeID)), and should be on \(expected.sorted())")
      }
    }
  }
}
