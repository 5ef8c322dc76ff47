import Testing

@testable import Raft
@testable import raft_script

/// A member survives whatever it is told: it answers, refuses or ignores, and what it has promised stays.
@Suite struct GarbageTests {
  static func index(_ near: LogIndex, _ random: inout SeededRandom) -> LogIndex {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: .max
    case 1: .max - 1
    case 2: 0
    case 3: .random(in: 0...UInt64.max, using: &random)
    case 4: LogPosition.limit
    case 5: LogPosition.limit - 1
    default: .random(in: 0...near + 3, using: &random)
    }
  }

  static func bytes(_ random: inout SeededRandom) -> [UInt8] {
    (0..<Int.random(in: 0...12, using: &random)).map { _ in .random(in: 0...255, using: &random) }
  }

  static func entries(_ node: RawNode, after index: LogIndex, _ random: inout SeededRandom) -> [Entry] {
    let isConsistent = random.chance(70)
    return (0..<Int.random(in: 0...4, using: &random)).map { place in
      let kind = random.pick([Entry.Kind.command, .command, .command, .singleChange, .configurationChange])
      let data = kind == .command || random.chance(50) ? bytes(&random) : change(&random).encoded
      return Entry(
        term: isConsistent ? node.hardState.term : self.index(node.hardState.term, &random),
        index: isConsistent ? index &+ LogIndex(place) &+ 1 : self.index(node.log.lastIndex, &random), kind: kind, data: data)
    }
  }

  static func change(_ random: inout SeededRandom) -> ConfigurationChange {
    ConfigurationChange(ConfigurationChangeTests.randomSteps(&random), transition: random.pick([.auto, .jointImplicit, .jointExplicit]))
  }

  static func members(_ random: inout SeededRandom) -> MemberSet {
    MemberSet((0..<Int.random(in: 0...4, using: &random)).map { _ in MemberID(rawValue: .random(in: 0...5, using: &random)) })
  }

  static func snapshot(_ node: RawNode, _ random: inout SeededRandom) -> Snapshot {
    let configuration = ConfigurationState(
      voters: members(&random), votersOutgoing: random.chance(30) ? members(&random) : [], learners: random.chance(30) ? members(&random) : [],
      learnersNext: random.chance(20) ? members(&random) : [], autoLeave: random.chance(20))
    return Snapshot(
      metadata: SnapshotMetadata(index: index(node.log.lastIndex, &random), term: index(node.hardState.term, &random), configuration: configuration))
  }

  /// Anything another member could say, and much that none would.
  static func message(to node: RawNode, _ random: inout SeededRandom) -> Message {
    var message = Message(random.pick(Message.Kind.allCases), to: random.chance(97) ? node.id : 9)
    repeat { message.from = MemberID(rawValue: .random(in: 0...6, using: &random)) } while message.from == node.id
    message.term = random.chance(60) ? node.hardState.term : index(node.hardState.term, &random)
    // The largest term that is taken would end the test: nothing is newer.
    if message.term > 1_000_000, random.chance(99) { message.term = node.hardState.term + 1 }
    message.index = index(node.log.lastIndex, &random)
    message.logTerm = random.chance(70) ? node.log.term(message.index) ?? 0 : index(node.hardState.term, &random)
    message.commit = index(node.log.lastIndex, &random)
    message.entries = entries(node, after: message.index, &random)
    message.isRejection = random.chance(30)
    message.rejectHint = index(node.log.lastIndex, &random)
    message.isTransfer = random.chance(20)
    message.readPosition = random.chance(50) ? index(3, &random) : 0
    message.context = bytes(&random)
    if random.chance(40) { message.snapshot = snapshot(node, &random) }
    return message
  }

  /// What no message may undo.
  struct Promise {
    var term: Term
    var vote: MemberID
    var committed: [LogIndex: Entry] = [:]

    init(_ node: RawNode) {
      term = node.hardState.term
      vote = node.hardState.vote
    }

    mutating func check(_ node: RawNode) {
      let state = node.hardState
      #expect(state.term >= term)
      if state.term == term, vote != .none { #expect(state.vote == vote, "a vote is given once a term") }
      (term, vote) = (state.term, state.vote)
      let log = node.log
      #expect(log.applied <= log.committed && log.committed <= log.lastIndex)
      guard log.firstIndex <= log.committed else { return }
      for entry in log.slice(log.firstIndex..<(log.committed + 1)) ?? [] {
        if let known = committed[entry.index] { #expect(known == entry, "what was committed stays") }
        committed[entry.index] = entry
      }
    }
  }

  @Test(arguments: 0..<60)
  func nothingItIsToldBreaksIt(_ seed: Int) throws {
    var random = SeededRandom(seed + 1)
    var subject = try LoneNode(voters: [1, 2, 3], learners: [4], terms: [1, 1, 2]) { options in
      options.checkQuorum = random.chance(50)
      options.preVote = random.chance(50)
      options.stepsDownOnRemoval = random.chance(50)
      options.maxMessageSize = random.pick([0, 30, .max])
      options.maxApplyingSize = random.pick([1, 50, .max])
      options.maxInflightMessages = random.pick([1, 3, 256])
      options.maxUncommittedSize = random.pick([10, .max])
    }
    var promise = Promise(subject.node)
    for _ in 0..<1_500 {
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<70:
        var message = Self.message(to: subject.node, &random)
        if random.chance(30), subject.node.softState.role != .leader, message.kind == .voteResponse || message.kind == .preVoteResponse {
          message.term = subject.node.hardState.term + (message.kind == .preVoteResponse ? 1 : 0)
          message.isRejection = false
        }
        try? subject.node.step(message)
      case 70..<80: subject.node.tick()
      case 80..<85: subject.node.campaign()
      case 85..<89: try? subject.node.propose([Self.bytes(&random)])
      case 89..<92: try? subject.node.propose(Self.change(&random))
      case 92..<94: subject.node.readIndex(context: Self.bytes(&random))
      case 94: subject.node.forgetLeader()
      case 95: subject.node.transferLeadership(to: MemberID(rawValue: .random(in: 0...6, using: &random)))
      case 96: subject.node.reportUnreachable(MemberID(rawValue: .random(in: 0...6, using: &random)))
      case 97: subject.node.reportSnapshot(MemberID(rawValue: .random(in: 0...6, using: &random)), succeeded: random.chance(50))
      case 98: subject.node.changeStableLog { log in log.compact(through: min(subject.applied.last?.index ?? 0, log.lastIndex)) }
      default: break
      }
      promise.check(subject.node)
      if random.chance(70) { _ = subject.answers() }
      promise.check(subject.node)
    }
  }

  @Test func messagesWithoutATermAreRefused() throws {
    for kind in Message.Kind.allCases where kind.isOfTerm {
      var subject = try LoneNode(terms: [1])
      #expect(throws: RaftError.self) { try subject.hear(Message(kind, from: 2, term: 0, entries: [Entry(term: 1, index: 2)])) }
      #expect(subject.node.hardState.term == 1 && subject.node.log.lastIndex == 1)
    }
  }

  @Test func messagesForOthersAreRefused() throws {
    var subject = try LoneNode()
    #expect(throws: RaftError.malformed) { try subject.node.step(Message(.append, to: 2, from: 3, term: 1)) }
    #expect(throws: RaftError.malformed) { try subject.node.step(Message(.vote, to: 1, from: .none, term: 1)) }
  }

  @Test func nobodyElseSpeaksForTheDisk() throws {
    var subject = try LoneNode()
    #expect(throws: RaftError.localMessage) { try subject.hear(Message(.storageAppendResponse, from: 2, term: 1, index: 5)) }
    #expect(throws: RaftError.localMessage) { try subject.hear(Message(.storageApplyResponse, from: 2)) }
  }

  @Test func answersOfStrangersAreRefused() throws {
    for kind in Message.Kind.allCases where kind.isResponse {
      var subject = try LoneNode()
      #expect(throws: RaftError.unknownMember(7)) { try subject.hear(Message(kind, from: 7, term: 1)) }
    }
  }

  @Test func anAppendThatContradictsItselfIsRefused() throws {
    let broken: [[Entry]] = [
      [Entry(term: 1, index: 3)], [Entry(term: 1, index: 2), Entry(term: 1, index: 2)], [Entry(term: 3, index: 2)],
      [Entry(term: 2, index: 2), Entry(term: 1, index: 3)], [Entry(term: 0, index: 2)],
    ]
    for entries in broken {
      var subject = try LoneNode(terms: [1])
      #expect(throws: RaftError.malformed) {
        try subject.hear(Message(.append, from: 2, term: 2, logTerm: 1, index: 1, entries: entries, commit: 3))
      }
      #expect(subject.terms == [1])
    }
  }

  @Test func aMemberWhoseDiskLostWhatWasCommittedSaysSo() throws {
    var subject = try LoneNode(terms: [1, 1])
    #expect(throws: RaftError.logLost(commit: 9, last: 2)) { try subject.hear(Message(.heartbeat, from: 2, term: 1, commit: 9)) }
  }

  @Test func impossibleOptionsAreRefused() throws {
    let broken: [(inout RaftOptions) -> Void] = [
      { $0.id = .none }, { $0.heartbeatTicks = 0 }, { $0.electionTicks = 1 }, { $0.maxInflightMessages = 0 }, { $0.readOnly = .lease },
    ]
    for change in broken { #expect(throws: RaftError.self) { _ = try LoneNode(change) } }
    #expect(throws: RaftError.self) { _ = try LoneNode(terms: [1], hardState: HardState(term: 1, commit: 5)) }
  }
}
