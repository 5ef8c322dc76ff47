import ClusterModel
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Raft
import RaftTransport
import TestKit
import Testing

@Suite struct NetworkTransportTests {
  @Test func messagesArriveAsTheyAreAndInOrder() async throws {
    try await TestMember.withPair { first, second in
      try await first.reach(second)
      let dropped = first.user[\.unreachable]
      var random = RandomFrames(seed: 5)
      var sent: [Message] = []
      for _ in 0..<10 {
        let batch = (0..<300).map { number -> Message in
          var message = random.message()
          while message.kind == .snapshot { message = random.message() }
          (message.from, message.to, message.readPosition) = (1, 2, UInt64(sent.count + number))
          return message
        }
        first.transport.send(batch)
        sent += batch
        try await eventually("all arrive") { second.user[\.received].count { $0.readPosition > 0 } >= sent.count - 1 }
      }
      let received = second.user[\.received]
      for purpose in [Purpose.control, .bulk] {
        let before = sent.filter { Purpose(of: $0) == purpose && $0.readPosition > 0 }
        #expect(received.filter { Purpose(of: $0) == purpose && $0.readPosition > 0 } == before)
      }
      #expect(first.user[\.unreachable] == dropped)
    }
  }

  @Test func controlOvertakesData() async throws {
    try await TestMember.withPair { first, second in
      try await first.reach(second)
      let payload = [UInt8](repeating: 7, count: 1 << 20)
      first.transport.send(
        (0..<60).map { Message(.append, to: 2, from: 1, term: 1, index: $0, entries: [Entry(term: 1, index: $0 + 1, data: payload)]) })
      first.transport.send([Message(.timeoutNow, to: 2, from: 1, term: 1)])
      try await eventually("all arrive") { second.user[\.received].count { !$0.entries.isEmpty } == 60 }
      let received = second.user[\.received].filter { $0.kind == .timeoutNow || !$0.entries.isEmpty }
      let place = try #require(received.firstIndex { $0.kind == .timeoutNow })
      #expect(place < 30)
    }
  }

  @Test func aQueueThatIsFullDropsAndTells() async throws {
    let authority = try TestAuthority()
    // Its own thread: other tests share the rest.
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let members = [
      try await TestMember.listen(1, authority) { $0.bulk = .init(messages: 8, bytes: 8 << 20) }, try await TestMember.listen(2, authority),
    ]
    try await TestMember.with(members) { members in
      TestMember.introduce(members)
      try await members[0].reach(members[1])
      // Its process stands still, as with SIGSTOP: nothing is read any more, and nothing is closed.
      let blocker = Blocker()
      group.next().execute { blocker.wait() }
      let payload = [UInt8](repeating: 7, count: 1 << 20)
      try await eventually("the queue is full") {
        members[0].transport.send([Message(.append, to: 2, from: 1, term: 1, entries: [Entry(term: 1, index: 1, data: payload)])])
        return members[0].user[\.unreachable][2] != nil
      }
      #expect(members[0].user[\.lost].isEmpty, "silence is not death")
      blocker.release()
      try await members[0].reach(members[1])
      #expect(members[0].user[\.lost].isEmpty)
    }
    try await group.shutdownGracefully()
  }

  @Test func aMemberThatMovedSaysWhereItIs() async throws {
    let authority = try TestAuthority()
    let moves = NIOLockedValueBox<[MemberID: HostPort]>([:])
    let stays = try await TestMember.listen(
      1, authority, configure: { $0.moved = { member, address in moves.withLockedValue { $0[member] = address } } })
    let home = HostPort(host: "127.0.0.1", port: 1)
    let moved = try await TestMember.listen(2, authority, configure: { $0.advertised = HostPort(host: "::1", port: 9) })
    try await TestMember.with([stays, moved]) { _ in
      stays.transport.setPeers([1: stays.transport.address, 2: home])
      moved.transport.setPeers([1: stays.transport.address, 2: home])
      try await moved.reach(stays)
      #expect(moves.withLockedValue { $0 } == [2: HostPort(host: "::1", port: 9)])
    }
  }

  @Test func aRestartedMemberIsReachedAgain() async throws {
    let authority = try TestAuthority()
    let first = try await TestMember.listen(1, authority)
    let second = try await TestMember.listen(2, authority)
    try await TestMember.with([first]) { _ in
      TestMember.introduce([first, second])
      try await first.reach(second)
      try await second.reach(first)
      await second.transport.stop()
      try await eventually("its death is noticed") { first.user[\.lost] == [2] }
      let again = try await TestMember.listen(2, authority, port: second.transport.address.port)
      try await TestMember.with([again]) { _ in
        again.transport.setPeers([1: first.transport.address])
        try await first.reach(again)
        try await again.reach(first)
        #expect(first.user[\.lost] == [2], "told once")
      }
      try await eventually("its second death is noticed too") { first.user[\.lost] == [2, 2] }
    }
  }

  @Test func whoIsTakenOffTheListIsNotLost() async throws {
    try await TestMember.withPair { first, second in
      try await first.reach(second)
      try await second.reach(first)
      first.transport.setPeers([:])
      try await eventually("it is not wanted any more") { second.logged("raft.transport.refusedByPeer") }
      first.transport.send([Message(.heartbeat, to: 2, from: 1, term: 1)])
      try await eventually("nothing is sent there") { first.user[\.unreachable][2] == 1 }
      #expect(first.user[\.lost].isEmpty && second.user[\.lost].isEmpty)
      TestMember.introduce([first, second])
      try await first.reach(second)
      try await second.reach(first)
    }
  }

  @Test func stoppingSendsWhatIsQueued() async throws {
    try await TestMember.withPair { first, second in
      try await first.reach(second)
      first.transport.send((1...2000).map { Message(.append, to: 2, from: 1, term: 1, commit: $0) })
      await first.transport.stop()
      try await eventually("all arrive") { second.user[\.received].count { $0.commit > 0 } == 2000 }
    }
  }

  @Test func theServiceEndsWithItsTask() async throws {
    try await TestMember.withPair { first, second in
      let running = Task { try await second.transport.run() }
      try await first.reach(second)
      try await second.reach(first)
      running.cancel()
      try await running.value
      try await eventually("it is gone") { first.user[\.lost] == [2] }
    }
  }

  @Test func plaintextIsForTheLoopbackOnly() async throws {
    await #expect(throws: (any Error).self) {
      let configuration = TransportConfiguration(
        cluster: "c", member: 1, listen: HostPort(host: "0.0.0.0", port: 0), security: .plaintextForTestsOnLoopback)
      try await NetworkTransport.listen(configuration, logger: .init(label: "test")).stop()
    }
  }
}
