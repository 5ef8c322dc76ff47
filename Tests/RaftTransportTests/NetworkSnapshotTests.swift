import NIOConcurrencyHelpers
import Raft
import RaftTransport
import TestKit
import Testing

@Suite struct NetworkSnapshotTests {
  private static let metadata = SnapshotMetadata(index: 900, term: 7, configuration: ConfigurationState(voters: [1, 2]))
  private static let message = Message(.snapshot, to: 2, from: 1, term: 7, snapshot: Snapshot(metadata: SnapshotMetadata(index: 800, term: 6)))

  @Test func fiftyMegabytesWithFourChunksUnderWay() async throws {
    let receiver = RecordingUser()
    // A chunk counts from being read at one side until it is stored at the other.
    let offer = SnapshotOffer(metadata: Self.metadata, size: 50_000_001, chunkSize: 256 << 10)
    let sender = RecordingUser(offer: offer, stored: { receiver[\.stores] })
    try await Self.withPair(sender, receiver) { first, second in
      first.transport.send([Self.message])
      try await eventually("it is sent") { sender[\.sent] == [true] }
      #expect(receiver[\.stores] == 191)
      #expect(receiver[\.stored].count == 191 && receiver[\.stored].values.allSatisfy { $0.isEmpty }, "all chunks are right")
      var installed = Self.message
      installed.snapshot = Snapshot(metadata: Self.metadata)
      #expect(receiver[\.installed] == [installed])
      #expect((2...4).contains(sender[\.mostInFlight]))
    }
  }

  @Test func aBrokenTransferGoesOnWhereItEnded() async throws {
    let offer = SnapshotOffer(metadata: Self.metadata, size: 1_000_000, chunkSize: 10_000)
    let sender = RecordingUser(offer: offer)
    let authority = try TestAuthority()
    let first = try await TestMember.listen(1, authority, user: sender)
    let dying = RecordingUser { if $0 == 37 { throw CancellationError() } }
    let second = try await TestMember.listen(2, authority, user: dying)
    try await TestMember.with([first]) { _ in
      TestMember.introduce([first, second])
      first.transport.send([Self.message])
      try await eventually("it breaks off") { sender[\.sent] == [false] }
      #expect(dying[\.stores] == 37)
      await second.transport.stop()

      let restarted = RecordingUser()
      restarted.state.withLockedValue { $0.stored = dying[\.stored] }
      let again = try await TestMember.listen(2, authority, port: second.transport.address.port, user: restarted)
      try await TestMember.with([again]) { _ in
        TestMember.introduce([first, again])
        try await first.reach(again)
        first.transport.send([Self.message])
        try await eventually("it is sent") { sender[\.sent] == [false, true] }
        #expect(restarted[\.stores] == 63)
        #expect(restarted[\.stored].count == 100 && restarted[\.stored].values.allSatisfy { $0.isEmpty })
        #expect(restarted[\.installed].count == 1)
      }
    }
  }

  @Test func whatNobodyWantsOrHasEndsAtOnce() async throws {
    let offer = SnapshotOffer(metadata: Self.metadata, size: 1000, chunkSize: 100)
    let refusing = RecordingUser(wants: false)
    try await Self.withPair(RecordingUser(offer: offer), refusing) { first, _ in
      first.transport.send([Self.message])
      try await eventually("it ends") { first.user[\.sent] == [false] }
    }
    try await Self.withPair(RecordingUser(), RecordingUser()) { first, second in
      first.transport.send([Self.message])
      try await eventually("there is none") { first.user[\.sent] == [false] }
      first.transport.send([Message(.snapshot, to: 9, from: 1, term: 7)])
      try await eventually("nobody is there") { first.user[\.sent] == [false, false] }
      #expect(second.user[\.installed].isEmpty)
    }
  }

  @Test func oneAtATimeAndEachEndsOnce() async throws {
    let offer = SnapshotOffer(metadata: Self.metadata, size: 1000, chunkSize: 100)
    let gate = AsyncStream.makeStream(of: Void.self)
    let receiver = RecordingUser { if $0 == 5 { for await _ in gate.stream {} } }
    try await Self.withPair(RecordingUser(offer: offer), receiver) { first, second in
      first.transport.send([Self.message])
      try await eventually("it is under way") { receiver[\.stores] == 5 }
      first.transport.send([Self.message, Self.message])
      try await eventually("others end") { first.user[\.sent] == [false, false] }
      // It delays neither control nor data.
      try await first.reach(second)
      gate.continuation.finish()
      try await eventually("the first ends") { first.user[\.sent] == [false, false, true] }
      #expect(receiver[\.installed].count == 1)
    }
  }

  @Test func stoppingEndsIt() async throws {
    let offer = SnapshotOffer(metadata: Self.metadata, size: 1000, chunkSize: 100)
    let gate = AsyncStream.makeStream(of: Void.self)
    let receiver = RecordingUser { if $0 == 5 { for await _ in gate.stream {} } }
    try await Self.withPair(RecordingUser(offer: offer), receiver) { first, _ in
      first.transport.send([Self.message])
      try await eventually("it is under way") { receiver[\.stores] == 5 }
      await first.transport.stop()
      #expect(first.user[\.sent] == [false])
      gate.continuation.finish()
    }
    #expect(receiver[\.installed].isEmpty)
  }

  private static func withPair(_ sender: RecordingUser, _ receiver: RecordingUser, _ body: (TestMember, TestMember) async throws -> Void) async throws
  {
    let authority = try TestAuthority()
    let members = [try await TestMember.listen(1, authority, user: sender), try await TestMember.listen(2, authority, user: receiver)]
    try await TestMember.with(members) { members in
      TestMember.introduce(members)
      try await body(members[0], members[1])
    }
  }
}
