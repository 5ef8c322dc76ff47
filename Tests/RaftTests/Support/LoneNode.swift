@testable import Raft

/// One member, whose disk is written and whose state machine applies at once, and to which a test says whatever it likes.
struct LoneNode {
  var node: RawNode
  /// Everything it wanted to send to others.
  var sent: [Message] = []
  var applied: [Entry] = []
  var readStates: [ReadState] = []

  /// - Parameter terms: of the entries in its log, from index 1 on.
  init(
    id: MemberID = 1, voters: MemberSet = [1, 2, 3], learners: MemberSet = [], terms: [Term] = [], hardState: HardState? = nil,
    _ change: (inout RaftOptions) -> Void = { _ in }
  ) throws {
    var options = RaftOptions(id: id, electionTicks: 10, heartbeatTicks: 1)
    options.asyncStorageWrites = false
    options.checkQuorum = false
    options.preVote = false
    change(&options)
    let entries = terms.enumerated().map { Entry(term: $0.element, index: LogIndex($0.offset + 1)) }
    node = try RawNode(
      options: options, hardState: hardState ?? HardState(term: terms.last ?? 0),
      configuration: ConfigurationState(voters: voters, learners: learners), stable: StableLog(entries: entries), random: FixedRandom())
  }

  /// Lets it do all it has to do, until it rests.
  mutating func rest() {
    while node.hasReady {
      let ready = node.ready()
      node.changeStableLog { stable in
        if let snapshot = ready.snapshot { stable.restore(snapshot) }
        stable.append(ready.entries)
      }
      for entry in ready.committedEntries where entry.kind != .command {
        if let change = try? ConfigurationChange(encoded: entry.data) { _ = try? node.apply(change) }
      }
      applied += ready.committedEntries
      readStates += ready.readStates
      sent += (ready.messages + ready.messagesAfterAppend).filter { $0.to != node.id }
      node.advance(ready)
    }
  }

  /// Says something to it and returns what it says then.
  @discardableResult
  mutating func hear(_ message: Message) throws -> [Message] {
    var message = message
    message.to = node.id
    try node.step(message)
    return answers()
  }

  /// What it has said since the last time.
  mutating func answers() -> [Message] {
    rest()
    defer { sent = [] }
    return sent
  }

  /// Makes it the leader of the next term, elected by everybody.
  mutating func lead() throws {
    node.campaign()
    var asked = answers()
    while !node.isLeader, !asked.isEmpty {
      let request = asked.removeFirst()
      let answer: Message.Kind = request.kind == .preVote ? .preVoteResponse : .voteResponse
      asked += try hear(Message(answer, from: request.to, term: request.term))
    }
    sent = []
  }

  var terms: [Term] {
    let log = node.log
    return (log.slice(log.firstIndex..<(log.lastIndex + 1)) ?? []).map(\.term)
  }
}

/// Always the same: elections begin after exactly the election timeout.
struct FixedRandom: RandomNumberGenerator {
  // Not 0: drawing from a range rejects it, and would wait for another number.
  mutating func next() -> UInt64 { 1 }
}
