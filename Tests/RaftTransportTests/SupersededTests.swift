import ClusterModel
import NIOConcurrencyHelpers
import Raft
import RaftTransport
import TestKit
import Testing

/// Members of a group that was given up are told so, whoever calls first, and get nothing through.
@Suite struct SupersededTests {
  private final class Ears: Sendable {
    let heard = NIOLockedValueBox<[HostPort?]>([])
  }

  private func member(
    _ id: MemberID, _ authority: TestAuthority, founder: UInt64 = 0, cluster: ClusterID = "cluster", isManager: Bool = true, _ ears: Ears = Ears()
  ) async throws -> TestMember {
    try await TestMember.listen(
      id, authority, cluster: cluster,
      configure: { configuration in
        configuration.founder = { founder }
        configuration.superseded = { address in ears.heard.withLockedValue { $0.append(address) } }
        configuration.advertised = HostPort(host: "here", port: Int(id.rawValue))
        if case .mutualTLS(var certificates) = configuration.security {
          certificates.isManager = { _ in isManager }
          configuration.security = .mutualTLS(certificates)
        }
      })
  }

  @Test func whoComesBackIsToldByThoseItCalls() async throws {
    let authority = try TestAuthority()
    let ears = Ears()
    // 1 goes on as 100, with the certificate that the others know it by.
    let new = try await TestMember.listen(100, authority, certificateFor: 1, configure: { $0.founder = { 100 } })
    let old = try await member(2, authority, ears)
    try await TestMember.with([new, old]) { _ in
      old.transport.setPeers([1: new.transport.address])
      try await eventually("told") { ears.heard.withLockedValue { $0.contains(new.transport.address) } }
      #expect(new.user[\.received].isEmpty && old.user[\.received].isEmpty)
    }
  }

  @Test func whoComesBackIsCalled() async throws {
    let authority = try TestAuthority()
    let ears = Ears()
    let new = try await member(100, authority, founder: 100)
    let old = try await member(2, authority, ears)
    let third = try await member(101, authority, founder: 100)
    try await TestMember.with([new, old, third]) { _ in
      new.transport.setPeers([101: third.transport.address], former: [2: old.transport.address])
      third.transport.setPeers([100: new.transport.address])
      try await eventually("told") { ears.heard.withLockedValue { $0.contains(HostPort(host: "here", port: 100)) } }
      try await third.reach(new)
      try await new.reach(third)
      #expect(old.user[\.received].isEmpty)
    }
  }

  @Test func onlyManagersOfTheClusterAreBelieved() async throws {
    let authority = try TestAuthority()
    for (cluster, isManager) in [(ClusterID("another"), true), ("cluster", false)] {
      let ears = Ears()
      let liar = try await member(100, authority, founder: 100, cluster: cluster)
      let old = try await member(2, authority, isManager: isManager, ears)
      let friend = try await member(3, authority)
      try await TestMember.with([liar, old, friend]) { _ in
        old.transport.setPeers([3: friend.transport.address])
        friend.transport.setPeers([2: old.transport.address])
        liar.transport.setPeers([:], former: [2: old.transport.address])
        try await eventually("refused") { old.logged("raft.transport.refused") }
        try await friend.reach(old)
        #expect(ears.heard.withLockedValue { $0.isEmpty })
      }
    }
  }
}
