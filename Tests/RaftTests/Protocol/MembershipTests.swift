import Testing

@testable import Raft
@testable import raft_script

@Suite struct MembershipTests {
  @Test func aSecondChangeWaitsUntilTheFirstIsApplied() throws {
    var scenario = try Scenario.led()
    try scenario.run("propose-conf-change 1 l4", "propose-conf-change 1 l5")
    #expect(scenario.member(1).entries.suffix(2).map(\.kind) == [.configurationChange, .command])
    try scenario.run("stabilize", "propose-conf-change 1 l5")
    #expect(scenario.member(1).entries.last?.kind == .configurationChange)
  }

  @Test func twoChangesProposedTogetherAreOneChange() throws {
    var subject = try LoneNode()
    try subject.lead()
    try subject.hear(Message(.appendResponse, from: 2, term: 1, index: 1))
    let change = Entry(kind: .configurationChange, data: ConfigurationChange([.init(.addLearner, 4)]).encoded)
    try subject.hear(Message(.propose, from: 2, entries: [change, change]))
    let entries = subject.node.log.slice(2..<4) ?? []
    #expect(entries.map(\.kind) == [.configurationChange, .command])
  }

  @Test func anUnreadableChangeIsRefusedAndChangesNothing() throws {
    var subject = try LoneNode()
    try subject.lead()
    try subject.hear(Message(.appendResponse, from: 2, term: 1, index: 1))
    let good = Entry(kind: .configurationChange, data: ConfigurationChange([.init(.addLearner, 4)]).encoded)
    #expect(throws: RaftError.malformed) {
      try subject.hear(Message(.propose, from: 2, entries: [good, Entry(kind: .configurationChange, data: [9, 9])]))
    }
    #expect(subject.node.log.lastIndex == 1)
    try subject.hear(Message(.propose, from: 2, entries: [good]))
    #expect(subject.node.log.slice(2..<3)?.first?.kind == .configurationChange, "the refused one left nothing pending")
  }

  @Test func aNewLeaderWaitsForAllItHasBeforeAChange() throws {
    var scenario = try Scenario.led()
    try scenario.run("propose 1 a", "process-ready 1", "deliver-msgs 2 3", "campaign 2", "process-ready 2", "deliver-msgs 3", "process-ready 3")
    try scenario.run("deliver-msgs 2", "propose-conf-change 2 l4")
    #expect(scenario.member(2).entries.last?.kind == .command)
    try scenario.run("stabilize", "propose-conf-change 2 l4")
    #expect(scenario.member(2).entries.last?.kind == .configurationChange)
  }

  @Test func theLeaderLeavesAJointConfigurationByItself() throws {
    var scenario = try Scenario.led()
    try scenario.run("add-nodes 2", "propose-conf-change 1 v4 v5 r2", "stabilize")
    #expect(scenario.leaders == [1])
    for id in [1, 3, 4, 5] as [MemberID] {
      #expect(scenario[id].configuration.state == ConfigurationState(voters: [1, 3, 4, 5]), "node \(id)")
    }
  }

  @Test func whoeverLeadsNextLeavesIt() throws {
    var scenario = try Scenario.led()
    try scenario.run("add-nodes 1", "propose-conf-change 1 v4 transition=implicit", "process-ready 1", "deliver-msgs 2 3", "process-ready 2 3")
    try scenario.run("deliver-msgs 1", "process-ready 1", "deliver-msgs 2 3", "process-ready 2 3")
    #expect(scenario[2].configuration.isJoint && scenario[2].configuration.autoLeave)
    try scenario.run(
      "deliver-msgs drop=(1,2,3,4)", "campaign 2", "process-ready 2", "deliver-msgs 3 4 drop=(1)", "process-ready 3 4", "deliver-msgs 2")
    #expect(scenario.leaders.contains(2))
    try scenario.run("stabilize")
    #expect(scenario.nodes.allSatisfy { $0.configuration.state == ConfigurationState(voters: [1, 2, 3, 4]) })
  }

  @Test func aJointConfigurationNeedsBothMajorities() throws {
    var scenario = try Scenario.led()
    try scenario.run("add-nodes 3", "propose-conf-change 1 v4 v5 v6 r2 r3 transition=explicit", "stabilize")
    #expect(scenario[1].configuration.isJoint)
    let before = scenario[1].log.committed
    try scenario.run("propose 1 a", "process-ready 1", "deliver-msgs 4 5 6 drop=(2,3)", "process-ready 4 5 6", "deliver-msgs 1")
    #expect(scenario[1].log.committed == before, "the old voters do not have it")
    try scenario.run("tick-heartbeat 1", "stabilize")
    #expect(scenario[1].log.committed == before + 1)
  }

  @Test func withoutValidationAnyChangeEntersTheLog() throws {
    var scenario = try Scenario.led("disable-conf-change-validation=true")
    try scenario.run("propose-conf-change 1 l4", "propose-conf-change 1 l5")
    #expect(scenario.member(1).entries.suffix(2).allSatisfy { $0.kind == .configurationChange })
  }

  @Test func aChangeThatCannotBeMadeIsToldToTheOwner() throws {
    var subject = try LoneNode(voters: [1])
    #expect(throws: RaftError.invalidChange("removed all voters")) { try subject.node.apply(ConfigurationChange([.init(.remove, 1)])) }
    #expect(subject.node.configuration.state == ConfigurationState(voters: [1]))
  }

  @Test func removingAVoterMayCommitMore() throws {
    var subject = try LoneNode(voters: [1, 2, 3])
    try subject.lead()
    try subject.hear(Message(.appendResponse, from: 2, term: 1, index: 1))
    try subject.node.propose([[7]])
    subject.rest()
    #expect(subject.node.log.committed == 1)
    try subject.node.apply(ConfigurationChange([.init(.remove, 2)]))
    try subject.node.apply(ConfigurationChange([.init(.remove, 3)]))
    #expect(subject.node.log.committed == 2)
  }

  @Test func aMemberThatJoinsIsNotHeldAgainstTheLeader() throws {
    var subject = try LoneNode { $0.checkQuorum = true }
    try subject.lead()
    for voter in [2, 3] as [MemberID] { try subject.hear(Message(.heartbeatResponse, from: voter, term: 1)) }
    try subject.node.apply(ConfigurationChange([.init(.addVoter, 4)]))
    #expect(subject.node.progress(of: 4)?.recentActive == true)
  }

  /// Member 2 was removed and knows it; the leader, 1, crashed before it knew, and lost an entry that 2 has. 2 wants no more votes, and must
  /// not give its own: it says that it is removed.
  @Test func theLastMemberLearnsByARefusalThatTheOtherIsRemoved() throws {
    for (logTerm, index, leads) in [(1, 2, true), (1, 3, false), (2, 2, false), (0, 0, false)] as [(Term, LogIndex, Bool)] {
      for preVote in [true, false] {
        var subject = try LoneNode(voters: [1, 2]) { $0.preVote = preVote }
        try subject.lead()
        try subject.hear(Message(.appendResponse, from: 2, term: 1, index: 1))
        try subject.node.propose(ConfigurationChange([.init(.remove, 2)]))
        subject.rest()
        try subject.hear(Message(.heartbeat, from: 2, term: 2))  // it leads no more
        subject.node.forgetLeader()
        subject.node.campaign()
        let asked = try #require(subject.answers().first)
        let answer: Message.Kind = preVote ? .preVoteResponse : .voteResponse
        try subject.hear(Message(answer, from: 2, term: asked.term - (preVote ? 1 : 0), logTerm: logTerm, index: index, isRejection: true))
        #expect(subject.node.softState.role == .follower)
        #expect(subject.node.log.committed == (leads ? 2 : 1))
        subject.node.campaign()
        subject.rest()
        #expect(subject.node.isLeader == leads, "after a refusal with \(logTerm)/\(index)")
      }
    }
  }

  @Test func aRefusalTellsHowFarTheLogIsCommitted() throws {
    var subject = try LoneNode(terms: [1, 1, 2], hardState: HardState(term: 3, commit: 2))
    for kind in [Message.Kind.vote, .preVote] {
      for term in [2, 4] as [Term] {
        let refusals = try subject.hear(Message(kind, from: 2, term: term, logTerm: 1, index: 5))
        if kind == .vote, term == 2 { continue }
        #expect(refusals.map(\.isRejection) == [true])
        #expect(refusals.map(\.position) == [LogPosition(term: 1, index: 2)])
      }
    }
  }
}
