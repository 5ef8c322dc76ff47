import Raft

/// Changes of members: between one and seven voters, learners, demotions, joint changes of several at once; the lost are replaced.
extension Simulation {
  func changeMembership() throws(Violation) {
    guard let pause = plan.membershipPause, healing == nil else { return }
    schedule(.changeMembership, after: random.int(in: 0...2 * pause))
    guard let leader = random.pick(nodes.filter { $0.isLeader && !$0.isPaused }), let change = try nextChange(), survives(change) else { return }
    if leavesTooFew(without: leader, change) {
      try transferLeadership()
    } else {
      try propose(leader, change)
    }
  }

  private func nextChange() throws(Violation) -> ConfigurationChange? {
    let configuration = checker.latestConfiguration
    if configuration.isJoint { return ConfigurationChange() }
    let members = configuration.members.map(\.rawValue)
    let lost = members.filter { node($0).isLost }
    if let gone = random.pick(lost) {
      let removal = ConfigurationChange.Step(.remove, MemberID(rawValue: gone))
      return random.chance(50) ? ConfigurationChange([removal]) : ConfigurationChange([removal, try step(.addVoter, newcomer())])
    }
    switch random.int(in: 0..<10) {
    case 0...1: return members.count < 8 ? ConfigurationChange([try step(.addLearner, newcomer())]) : nil
    case 2: return configuration.voters.count < 7 ? ConfigurationChange([try step(.addVoter, newcomer())]) : nil
    case 3...4: return random.pick(Array(configuration.learners)).map { ConfigurationChange([.init(.addVoter, $0)]) }
    case 5...6: return random.pick(Array(configuration.voters)).map { ConfigurationChange([.init(.remove, $0)]) }
    case 7: return random.pick(Array(configuration.voters)).map { ConfigurationChange([.init(.addLearner, $0)]) }
    default: return try jointChange(configuration)
    }
  }

  private func jointChange(_ configuration: ConfigurationState) throws(Violation) -> ConfigurationChange {
    let members = Array(configuration.members).shuffled(using: &random)
    var steps = members.prefix(random.int(in: 0...2)).map { member in
      ConfigurationChange.Step(random.pick([.remove, .addLearner, .addVoter]) ?? .remove, member)
    }
    if configuration.voters.count < 6, random.chance(70) { steps.append(try step(.addVoter, newcomer())) }
    if steps.isEmpty { steps.append(try step(.addLearner, newcomer())) }
    return ConfigurationChange(steps, transition: random.pick([.auto, .jointImplicit, .jointExplicit]) ?? .auto)
  }

  private func step(_ kind: ConfigurationChange.Step.Kind, _ id: UInt64) -> ConfigurationChange.Step { .init(kind, MemberID(rawValue: id)) }

  /// A machine that was never a member: one made for a change that came to nothing, or a new one under the next id.
  private func newcomer() throws(Violation) -> UInt64 {
    if let spare = nodes.first(where: { !$0.hasJoined }) { return spare.id }
    try makeNode(id: UInt64(nodes.count) + 1, snapshot: nil)
    setLinks(of: UInt64(nodes.count))
    return UInt64(nodes.count)
  }

  func propose(_ leader: SimulatedNode, _ change: ConfigurationChange) throws(Violation) {
    // A member, once proposed, counts as used: its id may be in some log.
    for step in change.steps where step.kind != .remove { node(step.member.rawValue).hasJoined = true }
    if change.steps.count > 1 { counts[.jointChange] += 1 }
    trace.note(now, "\(leader.id) proposes \(change.summary)")
    try? leader.process?.raft.propose(change)
    try drain(leader)
  }

  /// Called when a change takes effect for the first time on any member.
  func tookEffect(from old: ConfigurationState, to new: ConfigurationState) {
    for member in new.members where !old.members.contains(member) { counts[.addMember] += 1 }
    for member in old.voters where new.learners.contains(member) { counts[.demoteMember] += 1 }
    for member in old.members where !new.members.contains(member) {
      counts[.removeMember] += 1
      node(member.rawValue).isRemoved = true
      // It goes on for a while, not knowing, and must not disturb the others.
      schedule(.retire(node: member.rawValue), after: .milliseconds(random.int(in: 0...4000)))
    }
  }

  /// Switches a removed member's machine off, but not before those who stay can do without it.
  func retire(_ node: SimulatedNode) {
    guard isKnownToQuorum() else { return schedule(.retire(node: node.id), after: .milliseconds(200)) }
    node.isRetired = true
    if node.isUp { crash(node) }
  }

  // MARK: Who may be lost for good

  /// Whether the disk of the member may go without taking the cluster's quorum with it, whatever becomes of changes under way.
  func mayBeLost(_ node: SimulatedNode) -> Bool {
    guard node.isMember, !node.isDoomed, checker.latestConfiguration.contains(node.memberID), !changeIsUnderWay else { return false }
    return isKnownToQuorum(without: node.memberID)
  }

  /// Whether those who are left and have the newest configuration on disk are a quorum of it: others may go by one that has lost its quorum.
  private func isKnownToQuorum(without lost: MemberID = .none) -> Bool {
    checker.latestConfiguration.hasQuorum { member in
      member != lost && !isGone(member) && node(member.rawValue).disk.synced.snapshot?.metadata.index ?? 0 >= checker.configurationIndex
    }
  }

  private func isGone(_ member: MemberID) -> Bool { node(member.rawValue).isLost || node(member.rawValue).isDoomed }

  /// Also one that a stalled disk has not taken yet.
  private var changeIsUnderWay: Bool {
    nodes.contains { node in
      let written = node.disk.written.entries.reversed().prefix { $0.index > checker.configurationIndex }
      if written.contains(where: { $0.kind != .command }) { return true }
      guard let log = node.process?.raft.log, log.lastIndex > checker.configurationIndex else { return false }
      let first = max(log.firstIndex, checker.configurationIndex + 1)
      return log.slice(first..<(log.lastIndex + 1))?.contains { $0.kind != .command } ?? false
    }
  }

  /// Whether those who are left are a quorum of what the change leads to.
  private func survives(_ change: ConfigurationChange) -> Bool {
    let voters = voters(after: change)
    return !voters.isEmpty && ConfigurationState(voters: voters).hasQuorum { !isGone($0) }
  }

  private func voters(after change: ConfigurationChange) -> MemberSet {
    var voters = checker.latestConfiguration.voters
    for step in change.steps {
      if step.kind == .addVoter { voters.insert(step.member) } else { voters.remove(step.member) }
    }
    return voters
  }

  /// Whether the others could not elect anybody by the old configuration after the leader took itself out of it: it steps down once the
  /// change is committed, and if word of that is lost, the others go on by the old one. Then it has to hand leadership over first.
  private func leavesTooFew(without leader: SimulatedNode, _ change: ConfigurationChange) -> Bool {
    let old = checker.latestConfiguration.voters
    let new = voters(after: change)
    return !new.contains(leader.memberID) && 2 * old.filter { new.contains($0) && !isGone($0) }.count <= old.count
  }

  /// After the faults: leaves joint configurations and removes the lost. True when nothing is left to do.
  func repairMembership() throws(Violation) -> Bool {
    for node in nodes where node.isRemoved && node.isUp { retire(node) }
    let configuration = checker.latestConfiguration
    let lost = configuration.members.first { node($0.rawValue).isLost }
    guard lost != nil || configuration.isJoint else { return true }
    guard let leader = agreedLeader(), now >= nextRepair else { return false }
    nextRepair = now + .milliseconds(200)
    if configuration.isJoint {
      try propose(leader, ConfigurationChange())
    } else if let lost {
      try propose(leader, ConfigurationChange([.init(.remove, lost)]))
    }
    return false
  }

  // MARK: Leadership

  func transferLeadership() throws(Violation) {
    guard let leader = random.pick(nodes.filter { $0.isLeader && !$0.isPaused }), let target = random.pick(Array(checker.latestConfiguration.members))
    else { return }
    counts[.leaderTransfer] += 1
    trace.note(now, "\(leader.id) is to hand leadership over to \(target)")
    leader.process?.raft.transferLeadership(to: target)
    try drain(leader)
  }

  func forgetSomeLeader() throws(Violation) {
    guard let node = random.pick(nodes.filter { $0.isUp && !$0.isLeader && !$0.isPaused }) else { return }
    counts[.forgetLeader] += 1
    trace.note(now, "\(node.id) forgets its leader")
    node.process?.raft.forgetLeader()
    if random.chance(70) { schedule(.campaign(node: node.id, epoch: node.epoch), after: random.int(in: 0...50_000)) }
    try drain(node)
  }
}
