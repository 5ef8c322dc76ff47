import Testing

@testable import Raft
@testable import raft_script

/// Sections 5.3 and 5.4.2 of the Raft paper, and the flow of entries.
@Suite struct ReplicationTests {
  /// Entries with these terms, from an index on.
  static func entries(_ terms: [Term], from first: LogIndex) -> [Entry] {
    terms.enumerated().map { Entry(term: $0.element, index: first + LogIndex($0.offset)) }
  }

  // MARK: The follower

  /// Own terms, previous position, entries' terms, and the log after it; nil when it is refused.
  @Test(
    arguments: [
      ([1, 1], 1, 2, [2], [1, 1, 2]), ([1, 1], 1, 1, [2], [1, 2]), ([1, 1, 1], 1, 1, [1], [1, 1, 1]), ([1, 1, 1], 1, 1, [], [1, 1, 1]),
      ([1, 1, 1], 1, 1, [2, 2, 2], [1, 2, 2, 2]), ([1], 1, 2, [2], nil), ([1, 1], 2, 2, [2], nil), ([], 0, 0, [1, 2], [1, 2]),
    ] as [([Term], Term, LogIndex, [Term], [Term]?)])
  func anAppendContinuesTheLogOrIsRefused(_ own: [Term], _ term: Term, _ index: LogIndex, _ new: [Term], _ expected: [Term]?) throws {
    var subject = try LoneNode(terms: own)
    let message = Message(.append, from: 2, term: 3, logTerm: term, index: index, entries: Self.entries(new, from: index + 1))
    let answer = try #require(try subject.hear(message).last)
    #expect(answer.isRejection == (expected == nil))
    #expect(subject.terms == expected ?? own)
    if expected != nil { #expect(answer.index == index + LogIndex(new.count)) }
  }

  @Test func theCommitIndexGoesNoFurtherThanWhatIsKnownToAgree() throws {
    var subject = try LoneNode(terms: [1, 1, 1])
    try subject.hear(Message(.append, from: 2, term: 2, logTerm: 1, index: 1, entries: Self.entries([1], from: 2), commit: 3))
    #expect(subject.node.log.committed == 2)
    try subject.hear(Message(.heartbeat, from: 2, term: 2, commit: 3))
    #expect(subject.node.log.committed == 3)
    try subject.hear(Message(.heartbeat, from: 2, term: 2, commit: 1))
    #expect(subject.node.log.committed == 3, "it never goes back")
  }

  @Test func anAppendBehindTheCommitIndexIsAnsweredWithIt() throws {
    var subject = try LoneNode(terms: [1, 1, 1], hardState: HardState(term: 1, commit: 2))
    let answers = try subject.hear(Message(.append, from: 2, term: 1, logTerm: 1, index: 1, entries: Self.entries([1], from: 2)))
    #expect(answers.map(\.index) == [2] && !answers[0].isRejection)
  }

  @Test func anAcknowledgementWaitsForTheDisk() throws {
    var subject = try LoneNode { $0.asyncStorageWrites = true }
    try subject.node.step(Message(.append, to: 1, from: 2, term: 1, entries: Self.entries([1], from: 1)))
    let ready = subject.node.ready()
    #expect(ready.entries.count == 1 && ready.messages.isEmpty)
    #expect(ready.messagesAfterAppend.map(\.kind) == [.appendResponse, .storageAppendResponse])
  }

  /// The logs of figure 7 of the paper: whatever a follower has, it ends with the leader's log.
  @Test(
    arguments: [
      [1, 1, 1, 4, 4, 5, 5, 6, 6], [1, 1, 1, 4], [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6], [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7], [1, 1, 1, 4, 4, 4, 4],
      [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], [],
    ] as [[Term]])
  func theLeaderRepairsAnyLog(_ terms: [Term]) throws {
    let leaderTerms: [Term] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
    var leader = try LoneNode(voters: [1, 2, 3], terms: leaderTerms, hardState: HardState(term: 8))
    var follower = try LoneNode(id: 2, voters: [1, 2, 3], terms: terms, hardState: HardState(term: 8))
    leader.node.campaign()
    leader.rest()
    try leader.hear(Message(.voteResponse, from: 3, term: 9))
    var exchanges = 0
    leader.node.tick()
    var toFollower = leader.answers()
    while exchanges < 40, follower.terms != leader.terms {
      exchanges += 1
      var answers: [Message] = []
      for message in toFollower where message.to == 2 { answers += try follower.hear(message) }
      toFollower = []
      for answer in answers where answer.to == 1 { toFollower += try leader.hear(answer) }
      if toFollower.isEmpty {
        leader.node.tick()
        toFollower = leader.answers()
      }
    }
    #expect(follower.terms == leaderTerms + [9])
    #expect(exchanges <= 5, "a refusal skips whole terms")
  }

  // MARK: The leader

  @Test func aLeaderBeginsWithAnEmptyEntryOfItsTerm() throws {
    var subject = try LoneNode(terms: [1])
    subject.node.campaign()
    subject.rest()
    subject.sent = []
    let appends = try subject.hear(Message(.voteResponse, from: 2, term: 2))
    #expect(subject.terms == [1, 2])
    #expect(appends.map(\.to) == [2, 3] && appends.allSatisfy { $0.kind == .append && $0.entries.map(\.term) == [2] })
  }

  @Test func whatAMajorityHasIsCommitted() throws {
    var subject = try LoneNode(voters: [1, 2, 3, 4, 5])
    try subject.lead()
    try subject.node.propose([[7], [8]])
    subject.rest()
    try subject.hear(Message(.appendResponse, from: 2, term: 1, index: 3))
    #expect(subject.node.log.committed == 0)
    try subject.hear(Message(.appendResponse, from: 3, term: 1, index: 2))
    #expect(subject.node.log.committed == 2 && subject.applied.map(\.data) == [[], [7]])
    try subject.hear(Message(.appendResponse, from: 4, term: 1, index: 3))
    #expect(subject.node.log.committed == 3 && subject.applied.map(\.data) == [[], [7], [8]])
  }

  @Test func olderTermsAreNotCommittedByCounting() throws {
    var subject = try LoneNode(terms: [1, 1], hardState: HardState(term: 4))
    try subject.lead()
    try subject.hear(Message(.appendResponse, from: 2, term: 5, index: 2))
    #expect(subject.node.log.committed == 0)
    try subject.hear(Message(.appendResponse, from: 2, term: 5, index: 3))
    #expect(subject.node.log.committed == 3)
  }

  @Test func theLeadersOwnDiskCountsLikeAnyOther() throws {
    var subject = try LoneNode(voters: [1]) { $0.asyncStorageWrites = true }
    subject.node.campaign()
    for message in subject.node.ready().messagesAfterAppend { try subject.node.step(message) }
    #expect(subject.node.isLeader && subject.node.log.committed == 0)
    let ready = subject.node.ready()
    subject.node.changeStableLog { $0.append(ready.entries) }
    for message in ready.messagesAfterAppend { try subject.node.step(message) }
    #expect(subject.node.log.committed == 1)
  }

  @Test func learnersReceiveAndDoNotCount() throws {
    var subject = try LoneNode(voters: [1, 2], learners: [3, 4])
    try subject.lead()
    try subject.node.propose([[7]])
    subject.rest()
    for learner in [3, 4] as [MemberID] { try subject.hear(Message(.appendResponse, from: learner, term: 1, index: 2)) }
    #expect(subject.node.log.committed == 0)
    try subject.hear(Message(.appendResponse, from: 2, term: 1, index: 2))
    #expect(subject.node.log.committed == 2)
  }

  @Test func messagesKeepToTheirSize() throws {
    var scenario = try Scenario.led("max-size-per-message=30")
    for _ in 0..<6 { try scenario.run("propose 1 0123456789") }
    try scenario.run("report-unreachable 1 2", "process-ready 1", "deliver-msgs drop=(2,3)", "tick-heartbeat 1", "process-ready 1", "deliver-msgs 2")
    try scenario.run("process-ready 2", "deliver-msgs 1", "process-ready 1")
    for append in scenario.messages(.append) { #expect(append.entries.count <= 1 || append.entries.totalSize <= 30) }
    try scenario.run("stabilize", "tick-heartbeat 1", "stabilize")
    #expect(scenario.nodes.allSatisfy { $0.log.lastIndex == 17 })
  }

  @Test func tooMuchThatIsNotCommittedIsRefused() throws {
    var scenario = try Scenario.led("max-uncommitted-size=20")
    try scenario.run("propose 1 0123456789", "propose 1 0123456789")
    #expect(try scenario.refusal("propose 1 0") == "the proposal was dropped")
    try scenario.run("stabilize", "propose 1 0123456789012345678901234567890123456789", "stabilize")
    #expect(scenario[1].log.committed == 14, "one proposal of any size goes when nothing waits")
  }

  @Test func aWindowHoldsSoManyBytes() throws {
    var scenario = try Scenario.led("max-size-per-message=1 max-inflight-bytes=15")
    for _ in 0..<5 { try scenario.run("propose 1 0123456789") }
    #expect(scenario[1].progress(of: 2)?.inflights.count == 2)
    try scenario.run("stabilize")
    #expect(scenario.nodes.allSatisfy { $0.log.committed == 16 })
  }

  @Test func committedEntriesAreHandedOutInPieces() throws {
    var scenario = try Scenario.led("max-committed-size-per-ready=1")
    for word in ["a", "b", "c"] { try scenario.run("propose 1 \(word)") }
    try scenario.run("process-ready 1", "deliver-msgs 2 3", "process-ready 2 3", "deliver-msgs 1", "process-ready 1")
    #expect(scenario.applied(1) == "a")
    try scenario.run("process-ready 1")
    #expect(scenario.applied(1) == "ab")
    try scenario.run("stabilize")
    #expect(scenario.applied(1) == "abc" && scenario.applied(3) == "abc")
  }

  // MARK: Snapshots

  @Test func aMemberThatIsGoneIsSentNoSnapshot() throws {
    var scenario = try Scenario("add-nodes 2 voters=(1,2,3) index=10", "campaign 1", "stabilize", "deliver-msgs drop=(3)")
    try scenario.run("compact 1 11", "tick-heartbeat 1", "process-ready 1", "deliver-msgs drop=(3)", "stabilize")
    #expect(scenario[1].progress(of: 3)?.state == .probe)
    #expect(scenario.messages(.snapshot).isEmpty)
  }

  @Test func aSnapshotThatFailedIsTriedAgainAfterAHeartbeat() throws {
    var scenario = try Scenario("add-nodes 2 voters=(1,2,3) index=10", "campaign 1", "stabilize", "deliver-msgs drop=(3)", "compact 1 11")
    try scenario.run("add-nodes 1", "tick-heartbeat 1", "process-ready 1", "deliver-msgs 3", "process-ready 3", "deliver-msgs 1", "process-ready 1")
    #expect(scenario[1].progress(of: 3)?.pendingSnapshot == 11)
    try scenario.run("deliver-msgs drop=(3)", "report-snapshot 1 3 ok=false")
    #expect(scenario[1].progress(of: 3)?.state == .probe)
    try scenario.run("tick-heartbeat 1", "stabilize")
    #expect(scenario[3].log.committed == 11)
    #expect(scenario[1].progress(of: 3)?.state == .replicate)
  }

  @Test func anOldSnapshotIsAnsweredWithTheCommitIndex() throws {
    var scenario = try Scenario.led()
    try scenario.run("send-snapshot 1 2", "propose 1 a", "process-ready 1", "deliver-msgs 2 type=MsgApp", "stabilize")
    #expect(scenario[2].log.committed == 12 && scenario[2].log.firstIndex == 11)
  }

  @Test func aSnapshotOfWhatIsInTheLogOnlyCommits() throws {
    var subject = try LoneNode(terms: [1, 1, 1])
    let snapshot = Snapshot(metadata: SnapshotMetadata(index: 2, term: 1, configuration: ConfigurationState(voters: [1, 2, 3])))
    let answers = try subject.hear(Message(.snapshot, from: 2, term: 1, snapshot: snapshot))
    #expect(subject.terms == [1, 1, 1] && subject.node.log.committed == 2)
    #expect(answers.map(\.index) == [2])
  }

  @Test func aSnapshotReplacesALogThatDiffers() throws {
    var subject = try LoneNode(terms: [1, 1, 1])
    let configuration = ConfigurationState(voters: [1, 2], votersOutgoing: [1, 2, 3], learners: [4], learnersNext: [3], autoLeave: true)
    let snapshot = Snapshot(metadata: SnapshotMetadata(index: 9, term: 2, configuration: configuration))
    let answers = try subject.hear(Message(.snapshot, from: 2, term: 2, snapshot: snapshot))
    #expect(subject.node.log.firstIndex == 10 && subject.node.log.committed == 9 && subject.node.log.applied == 9)
    #expect(subject.node.configuration.state == configuration)
    #expect(answers.map(\.index) == [9])
  }

  @Test func aSnapshotThatDoesNotKnowThisMemberIsIgnored() throws {
    var subject = try LoneNode(terms: [1])
    let snapshot = Snapshot(metadata: SnapshotMetadata(index: 9, term: 1, configuration: ConfigurationState(voters: [2, 3])))
    try subject.hear(Message(.snapshot, from: 2, term: 1, snapshot: snapshot))
    #expect(subject.node.log.lastIndex == 1)
  }

  // MARK: Who did not found the group

  /// The log does not say with whom it began: by it alone a newcomer would take itself for the only member.
  @Test func onlyFoundersTakeTheLogFromItsBeginning() throws {
    var subject = try LoneNode(voters: [1], learners: [2, 3]) { $0.founders = [1, 2] }
    subject.node.campaign()
    let first = subject.answers()
    #expect(first.map(\.to) == [2] && first[0].kind == .append && first[0].index == 0)
    #expect(try subject.hear(Message(.heartbeatResponse, from: 3, term: 1)).isEmpty)
    let snapshot = SnapshotMetadata(index: 1, term: 1, configuration: ConfigurationState(voters: [1], learners: [2, 3]))
    subject.node.changeStableLog { $0.snapshot = Snapshot(metadata: snapshot) }
    #expect(try subject.hear(Message(.heartbeatResponse, from: 3, term: 1)).map(\.kind) == [.snapshot])
  }
}
