/// Works out the configuration that follows from a change, and the progress of those in it. Safe because neighbouring configurations always
/// have a quorum in common: one voter changes at a time, or both halves must agree (Raft thesis, 4.1 and 4.3).
package struct ConfigurationChanger: Sendable {
  package private(set) var configuration: Configuration
  package private(set) var tracker: ProgressTracker
  private let lastIndex: LogIndex

  package init(tracker: ProgressTracker, lastIndex: LogIndex) {
    configuration = tracker.configuration
    self.tracker = tracker
    self.lastIndex = lastIndex
  }

  /// - Throws: `RaftError.invalidChange`; `self` is not to be used then.
  package mutating func apply(_ change: ConfigurationChange) throws(RaftError) {
    if change.leavesJoint {
      try leaveJoint()
    } else if let autoLeave = change.jointAutoLeave {
      try enterJoint(autoLeave: autoLeave, change.steps)
    } else {
      try simple(change.steps)
    }
  }

  package mutating func simple(_ steps: [ConfigurationChange.Step]) throws(RaftError) {
    if configuration.isJoint { throw .invalidChange("can't apply simple config change in joint config") }
    let before = configuration.voters.incoming
    try take(steps)
    if before.differences(from: configuration.voters.incoming) > 1 {
      throw .invalidChange("more than one voter changed without entering joint config")
    }
    try check()
  }

  package mutating func enterJoint(autoLeave: Bool, _ steps: [ConfigurationChange.Step]) throws(RaftError) {
    if configuration.isJoint { throw .invalidChange("config is already joint") }
    if configuration.voters.incoming.isEmpty { throw .invalidChange("can't make a zero-voter config joint") }
    configuration.voters.outgoing = configuration.voters.incoming
    try take(steps)
    configuration.autoLeave = autoLeave
    try check()
  }

  package mutating func leaveJoint() throws(RaftError) {
    if !configuration.isJoint { throw .invalidChange("can't leave a non-joint config") }
    for member in configuration.learnersNext {
      configuration.learners.insert(member)
      _ = tracker.change(member) { $0.isLearner = true }
    }
    configuration.learnersNext = []
    for member in configuration.voters.outgoing
    where !configuration.voters.incoming.contains(member) && !configuration.learners.contains(member) { tracker[member] = nil }
    configuration.voters.outgoing = []
    configuration.autoLeave = false
    try check()
  }

  private mutating func take(_ steps: [ConfigurationChange.Step]) throws(RaftError) {
    for step in steps where step.member != .none {
      switch step.kind {
      case .addVoter: makeVoter(step.member)
      case .addLearner: makeLearner(step.member)
      case .remove: remove(step.member)
      case .update: break
      }
    }
    if configuration.voters.incoming.isEmpty { throw .invalidChange("removed all voters") }
  }

  private mutating func makeVoter(_ member: MemberID) {
    configuration.voters.incoming.insert(member)
    configuration.learners.remove(member)
    configuration.learnersNext.remove(member)
    if tracker.change(member, { $0.isLearner = false }) == nil { add(member, isLearner: false) }
  }

  private mutating func makeLearner(_ member: MemberID) {
    guard let progress = tracker[member] else {
      configuration.learners.insert(member)
      return add(member, isLearner: true)
    }
    if progress.isLearner { return }
    remove(member)
    tracker[member] = progress
    // A voter of the old half stays one until the joint configuration is left.
    if configuration.voters.outgoing.contains(member) {
      configuration.learnersNext.insert(member)
    } else {
      configuration.learners.insert(member)
      _ = tracker.change(member) { $0.isLearner = true }
    }
  }

  private mutating func remove(_ member: MemberID) {
    guard tracker[member] != nil else { return }
    configuration.voters.incoming.remove(member)
    configuration.learners.remove(member)
    configuration.learnersNext.remove(member)
    if !configuration.voters.outgoing.contains(member) { tracker[member] = nil }
  }

  /// Probing starts at the end of the log. A new member counts as active, or the leader might step down before it was heard of.
  private mutating func add(_ member: MemberID, isLearner: Bool) {
    tracker[member] = tracker.fresh(next: max(lastIndex, 1), isLearner: isLearner, recentActive: true)
  }

  /// What must hold of any configuration, wherever it came from.
  private func check() throws(RaftError) {
    let voters = configuration.voters
    for member in voters.members.union(configuration.learners).union(configuration.learnersNext) where tracker[member] == nil {
      throw .invalidChange("no progress for \(member)")
    }
    for member in configuration.learnersNext where !voters.outgoing.contains(member) || tracker[member]?.isLearner != false {
      throw .invalidChange("\(member) is in learnersNext, but not an outgoing voter")
    }
    for member in configuration.learners where voters.members.contains(member) || tracker[member]?.isLearner != true {
      throw .invalidChange("\(member) is a learner and a voter")
    }
    if !configuration.isJoint, configuration.autoLeave || !configuration.learnersNext.isEmpty {
      throw .invalidChange("parts of a joint config without one")
    }
  }

  /// The configuration of a snapshot, built up by the same steps that led to it.
  package static func restore(_ state: ConfigurationState, into tracker: ProgressTracker, lastIndex: LogIndex) throws(RaftError)
    -> ConfigurationChanger
  {
    func steps(_ kind: ConfigurationChange.Step.Kind, _ members: MemberSet) -> [ConfigurationChange.Step] { members.map { .init(kind, $0) } }
    var changer = ConfigurationChanger(tracker: tracker, lastIndex: lastIndex)
    let incoming = steps(.addVoter, state.voters) + steps(.addLearner, state.learners) + steps(.addLearner, state.learnersNext)
    if state.votersOutgoing.isEmpty {
      for step in incoming { try changer.simple([step]) }
    } else {
      for step in steps(.addVoter, state.votersOutgoing) { try changer.simple([step]) }
      try changer.enterJoint(autoLeave: state.autoLeave, steps(.remove, state.votersOutgoing) + incoming)
    }
    guard changer.configuration.state == state else { throw .invalidState("the configuration \(state) cannot be reached") }
    return changer
  }
}
