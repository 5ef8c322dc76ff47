import ClusterModel
import NIOConcurrencyHelpers
import NIOCore
import Raft
import RaftTransport
import TestKit
import Testing

/// What strangers and broken members may send a live listener.
@Suite struct GarbageTests {
  @Test func strangersWithGarbage() async throws {
    let authority = try TestAuthority()
    for security in [nil, authority] {
      let members = [try await TestMember.listen(1, security) { $0.handshake = .seconds(1) }, try await TestMember.listen(2, security)]
      try await TestMember.with(members) { members in
        TestMember.introduce(members)
        var random = RandomFrames(seed: 21)
        for _ in 0..<100 { try await RawClient.send(ByteBuffer(bytes: random.bytes(3000)), to: members[0].transport.address) }
        try await members[1].reach(members[0])
        #expect(members[0].user[\.received].allSatisfy { $0.from == 2 })
      }
    }
  }

  @Test func aMemberWithGarbage() async throws {
    let members = [try await TestMember.listen(1, nil), try await TestMember.listen(2, nil)]
    try await TestMember.with(members) { members in
      // 3 has no listener: nobody is found there.
      members[0].transport.setPeers([2: members[1].transport.address, 3: HostPort(host: "127.0.0.1", port: 1)])
      members[1].transport.setPeers([1: members[0].transport.address])
      var random = RandomFrames(seed: 22)
      var dice = SeededGenerator(seed: 23)
      for _ in 0..<200 {
        var bytes = ByteBuffer()
        try Frame.hello(Hello(cluster: "cluster", from: 3, to: 1, purpose: .bulk)).write(to: &bytes)
        var stream = ByteBuffer()
        for _ in 0..<5 { try random.next().write(to: &stream) }
        var mutated = [UInt8](stream.readableBytesView)
        mutated[Int.random(in: 0..<mutated.count, using: &dice)] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
        bytes.writeBytes(mutated)
        try await RawClient.send(bytes, to: members[0].transport.address)
      }
      try await members[1].reach(members[0])
      #expect(members[0].user[\.received].allSatisfy { $0.from == 2 }, "none of them was from 3 to 1")
      #expect(members[0].events.withLockedValue { $0.count } < 30, "few lines for many faults")
    }
  }

  @Test func whatAMemberMayNotSend() async throws {
    let first = try await TestMember.listen(1, nil)
    try await TestMember.with([first]) { _ in
      let nobody = HostPort(host: "127.0.0.1", port: 1)
      first.transport.setPeers([3: nobody, 4: nobody])
      var bytes = ByteBuffer()
      try Frame.hello(Hello(cluster: "cluster", from: 3, to: 1, purpose: .control)).write(to: &bytes)
      let refused = [
        Message(.heartbeat, to: 1, from: 4, term: 1), Message(.heartbeat, to: 2, from: 3, term: 1), Message(.append, to: 1, from: 3, term: 1),
        Message(.readIndex, to: 1, from: 9), Message(.snapshot, to: 1, from: 3, term: 1),
      ]
      let taken = [
        Message(.heartbeat, to: 1, from: 3, term: 1), Message(.readIndex, to: 1, from: 4), Message(.transferLeader, to: 1, from: 4),
        Message(.readIndex, to: 1, from: 1),
      ]
      for message in refused + taken { try Frame.message(message).write(to: &bytes) }
      try await RawClient.send(bytes, to: first.transport.address)
      try await eventually("the last") { first.user[\.received].count >= taken.count }
      #expect(first.user[\.received] == taken)
      #expect(first.logged("raft.transport.inadmissible"))
    }
  }

  @Test func handshakesThatAreNotWanted() async throws {
    let hellos: [(Hello, Refusal)] = [
      (Hello(version: 2, cluster: "cluster", from: 3, to: 1, purpose: .control), .version),
      (Hello(cluster: "another", from: 3, to: 1, purpose: .control), .cluster),
      (Hello(cluster: "cluster", from: 3, to: 2, purpose: .control), .receiver),
      (Hello(cluster: "cluster", from: 9, to: 1, purpose: .control), .sender),
    ]
    let first = try await TestMember.listen(1, nil)
    try await TestMember.with([first]) { _ in
      first.transport.setPeers([3: HostPort(host: "127.0.0.1", port: 1)])
      for (hello, refusal) in hellos {
        var bytes = ByteBuffer()
        try Frame.hello(hello).write(to: &bytes)
        var answer = try await RawClient.send(bytes, to: first.transport.address)
        answer.moveReaderIndex(forwardBy: 4)
        #expect(try Frame(answer) == .welcome(refusal))
      }
    }
  }
}
