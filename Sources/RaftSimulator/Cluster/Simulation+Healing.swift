import Raft
import SimulationEngine

/// How far a run has recovered after its faults ended, and by when the next step has to be done.
enum Healing {
  /// One leader that all running members follow.
  case electing(deadline: VirtualTime)
  /// Lost members removed, joint configurations left, replacements made voters.
  case repairing(deadline: VirtualTime)
  /// A write after all that is acknowledged.
  case writing(deadline: VirtualTime)
  /// Every member holds the same.
  case agreeing(deadline: VirtualTime)
}

extension Simulation {
  private static let pollPause = VirtualTime.milliseconds(20)

  /// Ends all faults: links are good, every process runs that can, disks are fast.
  func heal() throws(Violation) {
    trace.note(now, "faults end")
    healing = .electing(deadline: now + 10 * plan.electionTimeout)
    setLinks()
    for node in nodes {
      node.stallUntil = now
      if node.disk.syncing != nil { schedule(.synced(node: node.id, epoch: node.epoch), after: plan.sync.upperBound) }
      node.failsNextSync = false
      node.crashesAtNextWrite = false
      try resume(node.id)
      if !node.isUp { try restart(node.id) }
    }
    schedule(.poll, after: Self.pollPause)
  }

  func pollHealing() throws(Violation) {
    guard let stage = healing else { return }
    schedule(.poll, after: Self.pollPause)
    switch stage {
    case .electing(let deadline):
      if agreedLeader() != nil {
        trace.note(now, "healed: a leader")
        for client in clients.indices { clients[client].isStopped = true }
        healing = .repairing(deadline: now + .seconds(60))
      } else {
        try miss(deadline, "no leader that all members follow within 10 election timeouts")
      }
    case .repairing(let deadline):
      guard try repairMembership(), clients.allSatisfy({ $0.operation == nil }) else {
        return try miss(deadline, "the membership could not be repaired, or a client waits for ever")
      }
      trace.note(now, "healed: the membership")
      begin(plan.clients, key: 0, action: .put(lastValue + 1), attempts: 1000)
      healing = .writing(deadline: now + .seconds(10))
    case .writing(let deadline):
      guard history.last?.returned != nil else { return try miss(deadline, "a write after healing is not acknowledged") }
      trace.note(now, "healed: a write")
      healing = .agreeing(deadline: now + .seconds(20))
    case .agreeing(let deadline):
      if membersAgree() { isFinished = true } else { try miss(deadline, "members differ: \(memberStates())", .agreement) }
    }
  }

  private func miss(_ deadline: VirtualTime, _ detail: String, _ property: Violation.Property = .liveness) throws(Violation) {
    if now > deadline { throw Violation(property, "\(detail) (\(memberStates()))") }
  }

  private var members: [SimulatedNode] { nodes.filter { $0.isUp && $0.isMember } }

  /// The leader that every running member of the latest configuration follows.
  func agreedLeader() -> SimulatedNode? {
    let members = members.filter { checker.latestConfiguration.contains($0.memberID) }
    guard let leader = members.first(where: \.isLeader) else { return nil }
    return members.allSatisfy { $0.leader == leader.id && $0.term == leader.term } ? leader : nil
  }

  private func membersAgree() -> Bool {
    guard let leader = agreedLeader() else { return false }
    let last = leader.disk.written.lastIndex
    return members.filter { checker.latestConfiguration.contains($0.memberID) }.allSatisfy {
      $0.appliedIndex == last && $0.disk.written.lastIndex == last && $0.registers == leader.registers
    }
  }

  private func memberStates() -> String {
    nodes.filter { $0.isMember }.map {
      "\($0.id): \($0.isUp ? "" : "down ")term \($0.term) leader \($0.leader) commit \($0.commit) applied \($0.appliedIndex) last \($0.disk.written.lastIndex)"
    }.joined(separator: "; ") + "; \(checker.latestConfiguration.summary)"
  }
}
