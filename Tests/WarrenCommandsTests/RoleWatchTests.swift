import ClusterModel
import ClusterTLS
import Crypto
import Logging
import NIOConcurrencyHelpers
import Security
import Testing

@testable import WarrenCommands

/// What a node finds out when it doubts that it is still what it was.
@Suite struct RoleWatchTests {
  /// A node, and the cluster's answers to it.
  private final class Case: Sendable {
    let credentials: CurrentCredentials
    let isRefused = NIOLockedValueBox(false)
    let renewals = NIOLockedValueBox(0)
    let role: NIOLockedValueBox<NodeIdentity.Role?>
    let watch: RoleWatch

    /// - Parameter role: what the cluster has made of it, a worker; nil: nothing, it was removed.
    init(_ role: NodeIdentity.Role?) throws {
      let authority = try CertificateAuthority.create(cluster: "c1", now: .now)
      @Sendable func issue(_ role: NodeIdentity.Role, _ key: P256.Signing.PrivateKey) throws -> NodeCredentials {
        let chain = try authority.issue(try NodeIdentity(cluster: "c1", node: "n1", role: role), for: key.publicKey, now: .now)
        return try NodeCredentials(chain: chain, key: key, trust: authority.trust)
      }
      let own = try issue(.worker, P256.Signing.PrivateKey())
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      credentials = CurrentCredentials(own)
      self.role = NIOLockedValueBox(role)
      let renewal = CertificateRenewal(
        credentials, look: .seconds(60), now: { .now }, logger: logger, keep: { _ in }, authority: { nil }
      ) { [renewals, role = self.role] _, key in
        renewals.withLockedValue { $0 += 1 }
        guard let role = role.withLockedValue({ $0 }) else { throw CertificateRefusal.removed(own.identity).error }
        return try issue(role, key)
      }
      watch = RoleWatch(
        identity: own.identity, doubts: Doubts(), isRefused: { [isRefused] in isRefused.withLockedValue { $0 } }, renewal: renewal,
        credentials: credentials, agent: nil, logger: logger)
    }
  }

  @Test func whileTheOthersTakeItsCertificateItAsksForNoOther() async throws {
    let node = try Case(.manager)
    for _ in 0..<3 { #expect(await node.watch.look() == .asBefore) }
    #expect(node.renewals.withLockedValue { $0 } == 0)
    node.isRefused.withLockedValue { $0 = true }
    #expect(await node.watch.look() == .becomes(.manager))
    #expect(node.renewals.withLockedValue { $0 } == 1)
    #expect(await node.watch.look() == .becomes(.manager) && node.renewals.withLockedValue { $0 } == 1, "it has the certificate")
  }

  @Test func theNextCertificateSaysWhatItIs() async throws {
    for (role, verdict) in [(.worker, .asBefore), (.manager, .becomes(.manager)), (nil, .removed)] as [(NodeIdentity.Role?, RoleWatch.Verdict)] {
      let node = try Case(role)
      node.isRefused.withLockedValue { $0 = true }
      #expect(await node.watch.look() == verdict)
    }
  }
}
