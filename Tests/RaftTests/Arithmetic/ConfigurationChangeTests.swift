import Testing

@testable import Raft

@Suite struct ConfigurationChangeTests {
  static func randomSteps(_ random: inout SeededRandom) -> [ConfigurationChange.Step] {
    (0..<Int.random(in: 0...4, using: &random)).map { _ in
      .init(random.pick([.addVoter, .addLearner, .remove, .update]), MemberID(rawValue: .random(in: 0...6, using: &random)))
    }
  }

  @Test func survivesTheWayThroughTheLog() throws {
    var random = SeededRandom(1)
    for _ in 0..<2_000 {
      var change = ConfigurationChange(Self.randomSteps(&random), transition: random.pick([.auto, .jointImplicit, .jointExplicit]))
      if random.chance(50) { change.context = (0..<5).map { _ in .random(in: 0...255, using: &random) } }
      #expect(try ConfigurationChange(encoded: change.encoded) == change)
    }
  }

  @Test func garbageIsRefused() {
    var random = SeededRandom(2)
    for _ in 0..<5_000 {
      let bytes = (0..<Int.random(in: 1...30, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      if let change = try? ConfigurationChange(encoded: bytes) { #expect(change.encoded == bytes || change == ConfigurationChange()) }
    }
    #expect(throws: RaftError.malformed) { try ConfigurationChange(encoded: [0]) }
    #expect(throws: RaftError.malformed) { try ConfigurationChange(encoded: [9, 0]) }
    #expect(throws: RaftError.malformed) { try ConfigurationChange(encoded: [0, 255, 0]) }
  }

  @Test func oneStepNeedsNoJointConfiguration() {
    #expect(ConfigurationChange([.init(.addVoter, 1)]).jointAutoLeave == nil)
    #expect(ConfigurationChange([.init(.addVoter, 1)], transition: .jointExplicit).jointAutoLeave == false)
    #expect(ConfigurationChange([.init(.addVoter, 1)], transition: .jointImplicit).jointAutoLeave == true)
    #expect(ConfigurationChange([.init(.addVoter, 1), .init(.remove, 2)]).jointAutoLeave == true)
    #expect(ConfigurationChange().leavesJoint)
    #expect(!ConfigurationChange(transition: .jointExplicit).leavesJoint)
  }
}

/// Random sequences of changes, each result held against what must be true of any configuration.
@Suite struct ConfigurationChangerTests {
  /// Whether every quorum of one has a member in common with every quorum of the other: all pairs tried.
  static func overlap(_ left: JointQuorum, _ right: JointQuorum) -> Bool {
    func quorums(_ quorum: JointQuorum) -> [Set<MemberID>] {
      let members = Array(quorum.members)
      return (0..<(1 << members.count)).compactMap { selection in
        let chosen = Set(members.indices.filter { selection & (1 << $0) != 0 }.map { members[$0] })
        return quorum.result { chosen.contains($0) } == .won ? chosen : nil
      }
    }
    let others = quorums(right)
    return quorums(left).allSatisfy { quorum in others.allSatisfy { !$0.isDisjoint(with: quorum) } }
  }

  static func check(_ tracker: ProgressTracker, _ comment: Comment) {
    let configuration = tracker.configuration
    let voters = configuration.voters
    #expect(!voters.incoming.isEmpty, comment)
    #expect(Set(voters.members).isDisjoint(with: configuration.learners), comment)
    #expect(configuration.learnersNext.allSatisfy { voters.outgoing.contains($0) && !voters.incoming.contains($0) }, comment)
    #expect(configuration.isJoint || (configuration.learnersNext.isEmpty && !configuration.autoLeave), comment)
    #expect(tracker.ids == Array(voters.members.union(configuration.learners)), comment)
    for id in tracker.ids { #expect(tracker[id]?.isLearner == configuration.learners.contains(id), comment) }
  }

  @Test(arguments: 0..<20)
  func everyReachableConfigurationIsSound(_ seed: Int) throws {
    var random = SeededRandom(seed + 1)
    var tracker = ProgressTracker(inflights: Inflights(messageLimit: 4))
    var changer = ConfigurationChanger(tracker: tracker, lastIndex: 1)
    try changer.simple([.init(.addVoter, 1)])
    tracker.adopt(changer)
    for step in 0..<200 {
      let before = tracker.configuration
      var changer = ConfigurationChanger(tracker: tracker, lastIndex: LogIndex(step))
      let steps = ConfigurationChangeTests.randomSteps(&random)
      do throws(RaftError) {
        switch random.pick([0, 1, 2]) {
        case 0: try changer.simple(steps)
        case 1: try changer.enterJoint(autoLeave: random.chance(50), steps)
        default: try changer.leaveJoint()
        }
      } catch {
        continue
      }
      tracker.adopt(changer)
      Self.check(tracker, "\(before) to \(tracker.configuration)")
      #expect(Self.overlap(before.voters, tracker.configuration.voters), "\(before) to \(tracker.configuration)")
      let empty = ProgressTracker(inflights: Inflights(messageLimit: 4))
      let restored = try ConfigurationChanger.restore(tracker.configuration.state, into: empty, lastIndex: 5)
      #expect(restored.configuration == tracker.configuration)
    }
  }

  @Test func aRefusedChangeSaysWhy() {
    func refusal(_ body: (inout ConfigurationChanger) throws(RaftError) -> Void) -> RaftError? {
      var changer = ConfigurationChanger(tracker: ProgressTracker(inflights: Inflights(messageLimit: 4)), lastIndex: 1)
      do throws(RaftError) {
        try body(&changer)
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal { changer throws(RaftError) in try changer.leaveJoint() } == .invalidChange("can't leave a non-joint config"))
    #expect(refusal { changer throws(RaftError) in try changer.simple([.init(.addLearner, 1)]) } == .invalidChange("removed all voters"))
    let twice = refusal { changer throws(RaftError) in try changer.simple([.init(.addVoter, 1), .init(.addVoter, 2)]) }
    #expect(twice == .invalidChange("more than one voter changed without entering joint config"))
  }

  @Test(arguments: [
    ConfigurationState(voters: [1], learners: [1]),
    ConfigurationState(voters: [1], learnersNext: [2]),
    ConfigurationState(voters: [1], autoLeave: true),
    ConfigurationState(voters: [], learners: [1]),
    ConfigurationState(voters: [1, 2], votersOutgoing: [3], learners: [3]),
  ])
  func aContradictoryStateIsNotRestored(_ state: ConfigurationState) {
    let empty = ProgressTracker(inflights: Inflights(messageLimit: 4))
    #expect(throws: RaftError.self) { try ConfigurationChanger.restore(state, into: empty, lastIndex: 5) }
  }
}
