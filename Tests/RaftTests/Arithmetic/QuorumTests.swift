import Testing

@testable import Raft

/// Quorums against what the words mean, for all small clusters and many random ones.
@Suite struct QuorumTests {
  /// The highest index that more than half of the members have: tried one by one.
  static func committed(_ members: MemberSet, _ acknowledged: [MemberID: LogIndex]) -> LogIndex {
    if members.isEmpty { return .max }
    let candidates = [0] + members.compactMap { acknowledged[$0] }
    return candidates.filter { index in members.count { (acknowledged[$0] ?? 0) >= index } * 2 > members.count }.max() ?? 0
  }

  /// Won or lost when however the others vote, the outcome is the same: all ways tried.
  static func result(_ quorum: JointQuorum, _ votes: [MemberID: Bool]) -> VoteResult {
    let undecided = quorum.members.filter { votes[$0] == nil }
    func wins(_ members: MemberSet, _ votes: [MemberID: Bool]) -> Bool {
      members.isEmpty || members.count { votes[$0] == true } * 2 > members.count
    }
    var outcomes: Set<Bool> = []
    for ballot in 0..<(1 << undecided.count) {
      var complete = votes
      for (place, member) in undecided.enumerated() { complete[member] = ballot & (1 << place) != 0 }
      outcomes.insert(wins(quorum.incoming, complete) && wins(quorum.outgoing, complete))
    }
    return outcomes.count == 2 ? .pending : outcomes == [true] ? .won : .lost
  }

  static func randomQuorum(_ random: inout SeededRandom) -> JointQuorum {
    func members(_ random: inout SeededRandom, atLeast least: Int) -> MemberSet {
      MemberSet((0..<Int.random(in: least...7, using: &random)).map { _ in MemberID(rawValue: .random(in: 1...9, using: &random)) })
    }
    return JointQuorum(incoming: members(&random, atLeast: 0), outgoing: random.chance(50) ? members(&random, atLeast: 1) : [])
  }

  @Test func committedIndexIsWhatMoreThanHalfHave() {
    var random = SeededRandom(1)
    for _ in 0..<20_000 {
      let quorum = Self.randomQuorum(&random)
      var acknowledged: [MemberID: LogIndex] = [:]
      for member in quorum.members where random.chance(80) { acknowledged[member] = .random(in: 1...6, using: &random) }
      let expected = min(Self.committed(quorum.incoming, acknowledged), Self.committed(quorum.outgoing, acknowledged))
      #expect(quorum.committedIndex { acknowledged[$0] ?? 0 } == expected, "\(quorum) \(acknowledged)")
    }
  }

  @Test func anElectionIsDecidedWhenTheMissingVotesCannotMatter() {
    var random = SeededRandom(2)
    for _ in 0..<5_000 {
      let quorum = Self.randomQuorum(&random)
      var votes: [MemberID: Bool] = [:]
      for member in quorum.members where random.chance(60) { votes[member] = random.chance(50) }
      let result = quorum.result { votes[$0] }
      // A joint quorum may call an election pending whose halves cannot both be won any more only if neither half is lost: that
      // cannot be, since a half is lost as soon as it cannot be won.
      #expect(result == Self.result(quorum, votes), "\(quorum) \(votes)")
    }
  }

  @Test func votesOfOthersDoNotCount() {
    let quorum = JointQuorum(incoming: [1, 2, 3])
    #expect(quorum.result { $0 == 1 ? true : nil } == .pending)
    #expect(quorum.result { [4: true, 5: true, 1: true][$0] } == .pending)
    #expect(quorum.committedIndex { [4: 9, 5: 9, 1: 9][$0] ?? 0 } == 0)
  }

  @Test func withoutMembersEverythingIsAgreed() {
    let quorum = JointQuorum()
    #expect(quorum.committedIndex { _ in 0 } == .max)
    #expect(quorum.result { _ in nil } == .won)
    #expect(!quorum.isJoint)
  }

  @Test func acknowledgingMoreNeverCommitsLess() {
    var random = SeededRandom(3)
    for _ in 0..<5_000 {
      let quorum = Self.randomQuorum(&random)
      var acknowledged: [MemberID: LogIndex] = [:]
      for member in quorum.members { acknowledged[member] = .random(in: 0...6, using: &random) }
      let before = quorum.committedIndex { acknowledged[$0] ?? 0 }
      for member in quorum.members where random.chance(30) { acknowledged[member, default: 0] += 1 }
      #expect(quorum.committedIndex { acknowledged[$0] ?? 0 } >= before)
    }
  }
}
