/// Who takes part, and how.
package struct Configuration: Hashable, Sendable {
  package var voters = JointQuorum()
  /// Receive the log, count for nothing.
  package var learners: MemberSet = []
  /// Voters of the old half that become learners once the joint configuration is left: nobody is both at a time.
  package var learnersNext: MemberSet = []
  /// The leader leaves the joint configuration by itself, as soon as it is applied.
  package var autoLeave = false

  package var isJoint: Bool { voters.isJoint }

  package var state: ConfigurationState {
    ConfigurationState(
      voters: voters.incoming, votersOutgoing: voters.outgoing, learners: learners, learnersNext: learnersNext, autoLeave: autoLeave)
  }
}

/// A configuration as snapshots keep it.
package struct ConfigurationState: Hashable, Sendable {
  package var voters: MemberSet
  package var votersOutgoing: MemberSet
  package var learners: MemberSet
  package var learnersNext: MemberSet
  package var autoLeave: Bool

  package init(
    voters: MemberSet = [], votersOutgoing: MemberSet = [], learners: MemberSet = [], learnersNext: MemberSet = [], autoLeave: Bool = false
  ) {
    self.voters = voters
    self.votersOutgoing = votersOutgoing
    self.learners = learners
    self.learnersNext = learnersNext
    self.autoLeave = autoLeave
  }
}
