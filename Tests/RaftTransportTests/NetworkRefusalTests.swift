import ClusterModel
import Raft
import RaftTransport
import TestKit
import Testing

/// Who is not wanted gets nothing through, and does no harm.
@Suite struct NetworkRefusalTests {
  @Test func anotherAuthority() async throws {
    try await refused(
      "raft.transport.refused ",
      stranger: { try await TestMember.listen(2, try TestAuthority("Another CA"), port: 0) })
  }

  @Test func anotherCluster() async throws {
    let authority = try TestAuthority()
    try await refused("raft.transport.refused cluster", authority, stranger: { try await TestMember.listen(2, authority, cluster: "another") })
  }

  @Test func anotherMembersCertificate() async throws {
    let authority = try TestAuthority()
    try await refused(
      "raft.transport.refused certificate", authority, stranger: { try await TestMember.listen(2, authority, certificateFor: 3) })
  }

  @Test func unknownMember() async throws {
    let authority = try TestAuthority()
    try await refused("raft.transport.refused sender", authority, stranger: { try await TestMember.listen(9, authority) })
  }

  @Test func wrongReceiver() async throws {
    let authority = try TestAuthority()
    let first = try await TestMember.listen(1, authority)
    let second = try await TestMember.listen(2, authority)
    try await TestMember.with([first, second]) { _ in
      // Its certificate says at once that this is not 3.
      second.transport.setPeers([3: first.transport.address])
      try await eventually("refused") { second.logged("raft.transport.refused its certificate") }
      #expect(first.user[\.received].isEmpty)
    }
  }

  private func refused(_ event: String, _ authority: TestAuthority? = nil, stranger: () async throws -> TestMember) async throws {
    let authority = try authority ?? TestAuthority()
    let first = try await TestMember.listen(1, authority)
    let third = try await TestMember.listen(3, authority)
    let stranger = try await stranger()
    try await TestMember.with([first, third, stranger]) { _ in
      // Nobody listens there: what is looked at is who comes.
      first.transport.setPeers([2: HostPort(host: "127.0.0.1", port: 1), 3: third.transport.address])
      third.transport.setPeers([1: first.transport.address])
      stranger.transport.setPeers([1: first.transport.address])
      try await eventually("it is refused") {
        stranger.transport.send([Message(.heartbeat, to: 1, from: stranger.id, term: 1)])
        return first.logged(event)
      }
      try await third.reach(first)
      #expect(first.user[\.received].allSatisfy { $0.from == 3 })
      #expect(stranger.user[\.received].isEmpty)
      #expect(first.user[\.lost].isEmpty && stranger.user[\.lost].isEmpty)
    }
  }
}
