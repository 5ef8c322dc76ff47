import Raft
import Testing

@testable import Manager

struct CommitNoticesTests {
  private static let (one, other) = (MemberID(rawValue: 2), MemberID(rawValue: 3))
  private var notices = CommitNotices()

  private static func append(to member: MemberID, entries: [Entry] = [], commit: LogIndex) -> Message {
    Message(.append, to: member, index: commit, entries: entries, commit: commit)
  }

  private mutating func pass(_ messages: Message...) -> [Message] {
    var outbox: [Message] = []
    for message in messages { notices.pass(message, to: &outbox) }
    return outbox
  }

  @Test mutating func aNoticeWaitsForATickAndIsSaidOnce() {
    let (notice, newer, others) = (Self.append(to: Self.one, commit: 4), Self.append(to: Self.one, commit: 5), Self.append(to: Self.other, commit: 4))
    #expect(pass(notice, others, newer).isEmpty)
    #expect(Set(notices.release()) == [newer, others])
    #expect(notices.release().isEmpty)
  }

  @Test mutating func entriesTakeItsPlace() {
    let (notice, others) = (Self.append(to: Self.one, commit: 4), Self.append(to: Self.other, commit: 4))
    let entries = Self.append(to: Self.one, entries: [Entry()], commit: 4)
    #expect(pass(notice, others, entries) == [entries])
    #expect(notices.release() == [others])
  }

  @Test mutating func whatComesAfterItDoesNotOvertakeIt() {
    let (notice, answer) = (Self.append(to: Self.one, commit: 4), Message(.readIndexResponse, to: Self.one, index: 4))
    #expect(pass(notice, answer) == [notice, answer])
    #expect(notices.release().isEmpty)
  }

  @Test mutating func whoeverProposedIsToldAtOnce() {
    notices.expect(5, for: Self.one)
    let entries = Self.append(to: Self.one, entries: [Entry()], commit: 3)
    let (notice, last, next) = (Self.append(to: Self.one, commit: 4), Self.append(to: Self.one, commit: 5), Self.append(to: Self.one, commit: 6))
    #expect(pass(Self.append(to: Self.other, commit: 3), entries, notice, last, next) == [entries, notice, last])
  }

  @Test func whatIsCommittedIsToldWithTheNextTickOrAtOnceWhereItIsWaitedFor() async throws {
    let cluster = RaftTestCluster()
    try await cluster.start([1, 2, 3], founders: [1, 2, 3])
    try #require(await cluster.run { cluster.leader != nil } != nil)
    let (id, leader) = try (#require(cluster.leaderID), #require(cluster.leader))
    let follower = try #require(cluster.members.first { $0.key != id }?.value)
    await cluster.settle()
    /// How many followers have the command, without a tick.
    func told(_ command: [UInt8]) async -> Int {
      while cluster.journals[id]?.commands.last != command { await Task.yield() }
      await cluster.settle()
      return cluster.journals.count { $0.key != id && $0.value.commands.last == command }
    }
    async let first = leader.propose([1])
    #expect(await told([1]) == 0)
    for member in cluster.members.values { member.tick() }
    #expect(await told([1]) == 2)
    async let urgent = leader.propose([0xfe])
    #expect(await told([0xfe]) == 2)
    // Its own caller waits, and gets its answer.
    async let elsewhere = follower.propose([2])
    #expect(await told([2]) == 1)
    _ = try await (first, urgent, elsewhere)
    try await cluster.close()
  }
}
