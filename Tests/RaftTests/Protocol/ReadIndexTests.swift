import Testing

@testable import Raft
@testable import raft_script

@Suite struct ReadIndexTests {
  /// A leader of three that has committed an entry of its term.
  static func leader(_ change: (inout RaftOptions) -> Void = { _ in }) throws -> LoneNode {
    var subject = try LoneNode(change)
    try subject.lead()
    try subject.hear(Message(.appendResponse, from: 2, term: 1, index: 1))
    return subject
  }

  @Test func aReadWaitsForAMajorityToConfirmTheLeader() throws {
    var subject = try Self.leader()
    subject.node.readIndex(context: [7])
    let heartbeats = subject.answers()
    #expect(heartbeats.map(\.kind) == [.heartbeat, .heartbeat] && heartbeats.allSatisfy { $0.readPosition == 1 })
    #expect(subject.readStates.isEmpty)
    try subject.hear(Message(.heartbeatResponse, from: 3, term: 1, readPosition: 1))
    #expect(subject.readStates == [ReadState(index: 1, context: [7])])
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 1, readPosition: 1))
    #expect(subject.readStates.count == 1, "answered once")
  }

  @Test func theIndexIsThatOfTheMomentItWasAsked() throws {
    var subject = try Self.leader()
    subject.node.readIndex(context: [7])
    try subject.node.propose([[1]])
    try subject.hear(Message(.appendResponse, from: 2, term: 1, index: 2))
    #expect(subject.node.log.committed == 2)
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 1, readPosition: 1))
    #expect(subject.readStates == [ReadState(index: 1, context: [7])])
  }

  @Test func oneRoundConfirmsAllThatWaited() throws {
    var subject = try Self.leader()
    for context in 1...5 as ClosedRange<UInt8> { subject.node.readIndex(context: [context]) }
    subject.rest()
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 1, readPosition: 3))
    #expect(subject.readStates.map(\.context) == [[1], [2], [3]])
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 1, readPosition: 5))
    #expect(subject.readStates.map(\.context) == [[1], [2], [3], [4], [5]])
  }

  @Test func anAnswerToAnEarlierHeartbeatConfirmsNothingNew() throws {
    var subject = try Self.leader()
    subject.node.readIndex(context: [1])
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 1, readPosition: 1))
    subject.node.readIndex(context: [2])
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 1, readPosition: 1))
    try subject.hear(Message(.heartbeatResponse, from: 3, term: 1))
    #expect(subject.readStates.map(\.context) == [[1]])
  }

  @Test func nobodyConfirmsWhatWasNotAsked() throws {
    var subject = try Self.leader()
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 1, readPosition: 100))
    subject.node.readIndex(context: [1])
    subject.rest()
    #expect(subject.readStates.isEmpty)
  }

  @Test func aLostRoundIsMadeUpByTheNextHeartbeat() throws {
    var subject = try Self.leader()
    subject.node.readIndex(context: [1])
    subject.rest()
    subject.sent = []
    subject.node.tick()
    let heartbeats = subject.answers()
    #expect(heartbeats.allSatisfy { $0.readPosition == 1 } && heartbeats.count == 2)
  }

  @Test func anewLeaderFirstCommitsAnEntryOfItsOwn() throws {
    var subject = try LoneNode(terms: [1], hardState: HardState(term: 1, commit: 0))
    try subject.lead()
    subject.node.readIndex(context: [1])
    #expect(subject.answers().filter { $0.kind == .heartbeat }.isEmpty)
    let answers = try subject.hear(Message(.appendResponse, from: 2, term: 2, index: 2))
    #expect(answers.contains { $0.kind == .heartbeat && $0.readPosition == 1 })
    try subject.hear(Message(.heartbeatResponse, from: 2, term: 2, readPosition: 1))
    #expect(subject.readStates == [ReadState(index: 2, context: [1])])
  }

  /// Its commit index may be older than what it acknowledged before it was restarted.
  @Test func aLoneMemberDoesSo() throws {
    var subject = try LoneNode(voters: [1], terms: [1, 1], hardState: HardState(term: 1, commit: 1)) { $0.asyncStorageWrites = true }
    subject.node.campaign()
    for message in subject.node.ready().messagesAfterAppend { try subject.node.step(message) }
    subject.node.readIndex(context: [1])
    let ready = subject.node.ready()
    #expect(ready.readStates.isEmpty)
    subject.node.changeStableLog { $0.append(ready.entries) }
    for message in ready.messagesAfterAppend { try subject.node.step(message) }
    #expect(subject.node.ready().readStates == [ReadState(index: 3, context: [1])])
    subject.node.readIndex(context: [2])
    #expect(subject.node.ready().readStates == [ReadState(index: 3, context: [2])])
  }

  @Test func aReadThatWaitsIsAnsweredWhenTheOtherVoterIsRemoved() throws {
    var scenario = try Scenario("add-nodes 2 voters=(1,2) index=5", "campaign 1", "stabilize")
    try scenario.run("propose-conf-change 1 r2", "process-ready 1", "deliver-msgs 2", "process-ready 2")
    try scenario.run("read-index 1 r", "deliver-msgs 1", "process-ready 1")
    try scenario.run("process-ready 1")
    #expect(scenario.trace.contains { $0.contains("read r at 6") }, "\(scenario.trace)")
  }

  @Test func followersAskTheirLeader() throws {
    var follower = try LoneNode()
    follower.node.readIndex(context: [1])
    #expect(follower.answers().isEmpty, "without a leader there is nobody to ask")
    try follower.hear(Message(.heartbeat, from: 2, term: 1))
    follower.node.readIndex(context: [1])
    let questions = follower.answers()
    #expect(questions.map(\.kind) == [.readIndex] && questions.map(\.to) == [2])
    try follower.hear(Message(.readIndexResponse, from: 2, term: 1, index: 9, context: [1]))
    #expect(follower.readStates == [ReadState(index: 9, context: [1])])
  }

  @Test func aDeposedLeaderAnswersNothing() throws {
    var subject = try Self.leader()
    subject.node.readIndex(context: [1])
    subject.rest()
    try subject.hear(Message(.append, from: 2, term: 2, logTerm: 1, index: 1))
    #expect(throws: Never.self) { try subject.hear(Message(.heartbeatResponse, from: 3, term: 1, readPosition: 1)) }
    #expect(subject.readStates.isEmpty)
  }

  @Test func aLeaseAnswersAtOnce() throws {
    var subject = try Self.leader {
      $0.readOnly = .lease
      $0.checkQuorum = true
    }
    subject.node.readIndex(context: [1])
    subject.rest()
    #expect(subject.readStates == [ReadState(index: 1, context: [1])])
    subject.node.forgetLeader()
    #expect(subject.node.isLeader)
  }
}
