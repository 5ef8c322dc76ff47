import Testing

@testable import Raft
@testable import raft_script

/// Sections 5.2 and 5.4.1 of the Raft paper, pre-vote and check-quorum, one member at a time.
@Suite struct ElectionTests {
  @Test func aCandidateVotesForItselfAndAsksTheOthersAtTheNextTerm() throws {
    var subject = try LoneNode(terms: [1, 2])
    subject.node.campaign()
    let requests = subject.answers()
    #expect(subject.node.hardState == HardState(term: 3, vote: 1, commit: 0))
    #expect(requests.map(\.to) == [2, 3])
    for request in requests {
      #expect(request.kind == .vote && request.term == 3)
      #expect(request.position == LogPosition(term: 2, index: 2))
    }
  }

  /// Voters, those who grant, those who refuse, and what becomes of the candidate.
  @Test(
    arguments: [
      ([1], [], [], Role.leader), ([1, 2, 3], [], [], .candidate), ([1, 2, 3], [2], [], .leader), ([1, 2, 3], [], [2], .candidate),
      ([1, 2, 3], [], [2, 3], .follower), ([1, 2, 3, 4, 5], [2], [], .candidate), ([1, 2, 3, 4, 5], [2, 3], [], .leader),
      ([1, 2, 3, 4, 5], [2], [3, 4, 5], .follower), ([1, 2, 3, 4], [2], [], .candidate), ([1, 2, 3, 4], [2, 3], [4], .leader),
    ] as [([MemberID], [MemberID], [MemberID], Role)])
  func aMajorityOfVotesElects(_ voters: [MemberID], _ granting: [MemberID], _ refusing: [MemberID], _ role: Role) throws {
    var subject = try LoneNode(voters: MemberSet(voters))
    subject.node.campaign()
    subject.rest()
    for voter in granting { try subject.hear(Message(.voteResponse, from: voter, term: 1)) }
    for voter in refusing { try subject.hear(Message(.voteResponse, from: voter, term: 1, isRejection: true)) }
    #expect(subject.node.softState.role == role)
  }

  @Test func theSameVoteCountsOnce() throws {
    var subject = try LoneNode(voters: [1, 2, 3, 4, 5])
    subject.node.campaign()
    subject.rest()
    for _ in 0..<3 { try subject.hear(Message(.voteResponse, from: 2, term: 1)) }
    #expect(subject.node.softState.role == .candidate)
  }

  @Test func votesOfAnEarlierElectionDoNotCount() throws {
    var subject = try LoneNode()
    subject.node.campaign()
    subject.node.campaign()
    subject.rest()
    try subject.hear(Message(.voteResponse, from: 2, term: 1))
    #expect(subject.node.softState.role == .candidate)
    try subject.hear(Message(.voteResponse, from: 2, term: 2))
    #expect(subject.node.isLeader)
  }

  @Test func oneVoteATerm() throws {
    var subject = try LoneNode()
    #expect(try subject.hear(Message(.vote, from: 2, term: 1)).map(\.isRejection) == [false])
    #expect(try subject.hear(Message(.vote, from: 3, term: 1)).map(\.isRejection) == [true])
    #expect(try subject.hear(Message(.vote, from: 2, term: 1)).map(\.isRejection) == [false], "asked again, it says the same")
    #expect(try subject.hear(Message(.vote, from: 3, term: 2)).map(\.isRejection) == [false])
    #expect(subject.node.hardState == HardState(term: 2, vote: 3))
  }

  /// The voter's terms, the candidate's last position, and whether it gets the vote.
  @Test(
    arguments: [
      ([], 0, 0, true), ([1], 1, 1, true), ([1], 1, 2, true), ([1, 1], 1, 1, false), ([1], 2, 1, true), ([1, 1, 1], 2, 1, true), ([2], 1, 9, false),
      ([1, 2], 2, 1, false),
    ] as [([Term], Term, LogIndex, Bool)])
  func onlyAnUpToDateLogGetsAVote(_ terms: [Term], _ lastTerm: Term, _ lastIndex: LogIndex, _ isGranted: Bool) throws {
    for kind in [Message.Kind.vote, .preVote] {
      var subject = try LoneNode(terms: terms)
      let answers = try subject.hear(Message(kind, from: 2, term: 5, logTerm: lastTerm, index: lastIndex))
      #expect(answers.map(\.isRejection) == [!isGranted])
    }
  }

  @Test func aVoteIsOnTheDiskBeforeItIsGiven() throws {
    var subject = try LoneNode { $0.asyncStorageWrites = true }
    try subject.node.step(Message(.vote, to: 1, from: 2, term: 1))
    let ready = subject.node.ready()
    #expect(ready.hardState == HardState(term: 1, vote: 2) && ready.mustSync)
    #expect(ready.messages.isEmpty)
    #expect(ready.messagesAfterAppend.map(\.kind) == [.voteResponse])
  }

  @Test func theCandidatesOwnVoteCountsOnceItIsOnTheDisk() throws {
    var subject = try LoneNode(voters: [1]) { $0.asyncStorageWrites = true }
    subject.node.campaign()
    let ready = subject.node.ready()
    #expect(subject.node.softState.role == .candidate)
    for message in ready.messagesAfterAppend { try subject.node.step(message) }
    #expect(subject.node.isLeader)
  }

  @Test func aHigherTermIsTakenOnInAnyRole() throws {
    for role in [Role.follower, .candidate, .leader] {
      var subject = try LoneNode(terms: [1])
      if role == .candidate { subject.node.campaign() }
      if role == .leader { try subject.lead() }
      try subject.hear(Message(.append, from: 2, term: 7, logTerm: 1, index: 1))
      #expect(subject.node.hardState.term == 7 && subject.node.hardState.vote == .none)
      #expect(subject.node.softState == SoftState(leader: 2, role: .follower))
    }
  }

  @Test func aCandidateFollowsTheWinnerOfItsTerm() throws {
    for kind in [Message.Kind.append, .heartbeat] {
      var subject = try LoneNode(terms: [1])
      subject.node.campaign()
      try subject.hear(Message(kind, from: 2, term: 2, logTerm: 1, index: 1))
      #expect(subject.node.softState == SoftState(leader: 2, role: .follower))
      #expect(subject.node.hardState.vote == 1, "the vote of the term stays")
    }
  }

  @Test func electionsBeginBetweenOneAndTwoTimeouts() throws {
    var counts: [Int: Int] = [:]
    for seed in 0..<2_000 {
      var options = RaftOptions(id: 1, electionTicks: 10, heartbeatTicks: 1)
      options.preVote = false
      var node = try RawNode(
        options: options, configuration: ConfigurationState(voters: [1, 2, 3]), random: SplitMix64(seed: UInt64(seed)))
      var ticks = 0
      while node.softState.role == .follower {
        node.tick()
        ticks += 1
      }
      counts[ticks, default: 0] += 1
    }
    #expect(counts.keys.min() == 10 && counts.keys.max() == 19)
    #expect(counts.values.allSatisfy { (120...290).contains($0) }, "\(counts)")
  }

  @Test func hearingFromTheLeaderPutsTheElectionOff() throws {
    var subject = try LoneNode()
    for _ in 0..<50 {
      for _ in 0..<9 { subject.node.tick() }
      try subject.hear(Message(.heartbeat, from: 2, term: 1))
    }
    #expect(subject.node.softState.role == .follower)
    for _ in 0..<10 { subject.node.tick() }
    #expect(subject.node.softState.role == .candidate)
  }

  @Test func whoIsNoVoterDoesNotCampaign() throws {
    var learner = try LoneNode(voters: [2, 3], learners: [1])
    var stranger = try LoneNode(voters: [2, 3])
    for _ in 0..<100 {
      learner.node.tick()
      stranger.node.tick()
    }
    learner.node.campaign()
    try learner.hear(Message(.timeoutNow, from: 2, term: 1))
    #expect(learner.node.softState.role == .follower && stranger.node.softState.role == .follower)
  }

  @Test func aLearnerVotesIfAsked() throws {
    var learner = try LoneNode(voters: [2, 3], learners: [1])
    #expect(try learner.hear(Message(.vote, from: 2, term: 1)).map(\.isRejection) == [false])
  }

  @Test func aCommittedChangeOfMembersIsAppliedBeforeAnElection() throws {
    let change = Entry(term: 1, index: 1, kind: .configurationChange, data: ConfigurationChange([.init(.addVoter, 4)]).encoded)
    var options = RaftOptions(id: 1, electionTicks: 10, heartbeatTicks: 1)
    options.preVote = false
    var node = try RawNode(
      options: options, hardState: HardState(term: 1, vote: .none, commit: 1), configuration: ConfigurationState(voters: [1, 2, 3]),
      stable: StableLog(entries: [change]))
    node.campaign()
    #expect(node.softState.role == .follower)
    let ready = node.ready()
    #expect(ready.committedEntries == [change])
    try node.apply(ConfigurationChange(encoded: change.data))
    for message in ready.messagesAfterApply { try node.step(message) }
    node.campaign()
    #expect(node.softState.role == .candidate)
  }

  // MARK: Pre-vote

  @Test func aPreVoteChangesNothingOnEitherSide() throws {
    var asking = try LoneNode(terms: [1]) { $0.preVote = true }
    asking.node.campaign()
    let requests = asking.answers()
    #expect(requests.map(\.kind) == [.preVote, .preVote] && requests.allSatisfy { $0.term == 2 })
    #expect(asking.node.hardState == HardState(term: 1))

    var asked = try LoneNode(id: 2, terms: [1]) { $0.preVote = true }
    let before = asked.node.hardState
    let answers = try asked.hear(requests[0])
    #expect(answers.map(\.isRejection) == [false] && answers[0].term == 2)
    #expect(asked.node.hardState == before)
    #expect(try asked.hear(Message(.preVote, from: 3, term: 2, logTerm: 1, index: 1)).map(\.isRejection) == [false], "it may say so to all")
  }

  @Test func aMajorityOfPreVotesBeginsTheElection() throws {
    var subject = try LoneNode { $0.preVote = true }
    subject.node.campaign()
    subject.rest()
    try subject.hear(Message(.preVoteResponse, from: 2, term: 1))
    #expect(subject.node.softState.role == .candidate && subject.node.hardState == HardState(term: 1, vote: 1))
    try subject.hear(Message(.preVoteResponse, from: 3, term: 1))
    #expect(subject.node.softState.role == .candidate, "a pre-vote is no vote")
  }

  @Test func aRefusedPreVoteTellsTheTerm() throws {
    var subject = try LoneNode(terms: [1]) { $0.preVote = true }
    subject.node.campaign()
    subject.rest()
    try subject.hear(Message(.preVoteResponse, from: 2, term: 8, isRejection: true))
    #expect(subject.node.softState.role == .follower && subject.node.hardState.term == 8)
  }

  // MARK: Check-quorum

  @Test func whoHearsALeaderDoesNotVoteAgainstIt() throws {
    for kind in [Message.Kind.vote, .preVote] {
      var subject = try LoneNode { $0.checkQuorum = true }
      try subject.hear(Message(.heartbeat, from: 2, term: 1))
      #expect(try subject.hear(Message(kind, from: 3, term: 5)).isEmpty)
      #expect(subject.node.hardState.term == 1)
      #expect(try !subject.hear(Message(kind, from: 3, term: 5, isTransfer: true)).isEmpty, "unless the leader wants it")
    }
  }

  @Test func theLeaseEndsWithAnElectionTimeout() throws {
    var subject = try LoneNode { $0.checkQuorum = true }
    subject.node.setElectionTimeout(19)
    try subject.hear(Message(.heartbeat, from: 2, term: 1))
    subject.node.setElectionTimeout(19)
    for _ in 0..<10 { subject.node.tick() }
    #expect(try subject.hear(Message(.vote, from: 3, term: 5)).map(\.isRejection) == [false])
  }

  @Test func aLeaderWithoutAQuorumStepsDownAfterATimeout() throws {
    var subject = try LoneNode(voters: [1, 2, 3, 4, 5]) { $0.checkQuorum = true }
    try subject.lead()
    for voter in [2, 3] as [MemberID] { try subject.hear(Message(.heartbeatResponse, from: voter, term: 1)) }
    for _ in 0..<10 { subject.node.tick() }
    #expect(subject.node.isLeader)
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 1))
    for _ in 0..<10 { subject.node.tick() }
    #expect(subject.node.softState == SoftState(leader: .none, role: .follower))
  }

  @Test func aLeaderOfAnEarlierTermIsToldOfTheNewOne() throws {
    var subject = try LoneNode(terms: [5]) { $0.preVote = true }
    let answers = try subject.hear(Message(.heartbeat, from: 2, term: 3))
    #expect(answers.map(\.kind) == [.appendResponse] && answers[0].term == 5)
    var plain = try LoneNode(terms: [5])
    #expect(try plain.hear(Message(.heartbeat, from: 2, term: 3)).isEmpty)
  }

  /// Soon after the first time, then after twice as long each time: answers that take longer than that still count in the end.
  @Test func aCandidateAsksAgainSoonButEachTimeLater() throws {
    var subject = try LoneNode {
      $0.candidateRetryTicks = 2...2
      $0.preVote = true
    }
    subject.node.campaign()
    var pauses: [Int] = []
    for _ in 0..<5 {
      _ = subject.answers()
      var ticks = 0
      var asked: [Message] = []
      while asked.isEmpty, ticks < 100 {
        subject.node.tick()
        ticks += 1
        asked = subject.answers()
      }
      #expect(asked.map(\.kind) == [.preVote, .preVote])
      pauses.append(ticks)
    }
    #expect(pauses.prefix(3) == [2, 4, 8])
    #expect(pauses.dropFirst(3).allSatisfy { (10..<20).contains($0) }, "an election timeout at most")
    // A leader ends it.
    try subject.hear(Message(.heartbeat, from: 2, term: 1))
    subject.node.forgetLeader()
    subject.node.campaign()
    _ = subject.answers()
    for _ in 0..<2 { subject.node.tick() }
    #expect(subject.answers().map(\.kind) == [.preVote, .preVote])
  }
}
