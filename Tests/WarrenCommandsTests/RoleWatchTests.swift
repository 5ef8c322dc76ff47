import ClusterModel
import ClusterSecurity
import ClusterTLS
import Crypto
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import WarrenCommands

/// What a node finds out when it doubts that it is still what it was.
@Suite struct RoleWatchTests {
  /// A node, and the cluster's answers to it.
  private final class Case: Sendable {
    let credentials: CurrentCredentials
    let renewals = NIOLockedValueBox(0)
    let watch: RoleWatch

    init(_ answer: Answer, of own: NodeIdentity.Role = .worker) throws {
      let authority = try CertificateAuthority.create(cluster: "c1", now: .now)
      @Sendable func issue(_ role: NodeIdentity.Role, _ key: P256.Signing.PrivateKey) throws -> NodeCredentials {
        let chain = try authority.issue(try NodeIdentity(cluster: "c1", node: "n1", role: role), for: key.publicKey, now: .now)
        return try NodeCredentials(chain: chain, key: key, trust: authority.trust)
      }
      let own = try issue(own, P256.Signing.PrivateKey())
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      credentials = CurrentCredentials(own)
      let renewal = CertificateRenewal(
        credentials, look: .seconds(60), now: { .now }, logger: logger, keep: { _ in }, authority: { nil }
      ) { [renewals] _, key in
        renewals.withLockedValue { $0 += 1 }
        switch answer {
        case .role(let role): return try issue(role, key)
        case .removed: throw CertificateRefusal.removed(own.identity).error
        case .otherMember: throw WarrenError(.failedPrecondition, "", reason: .memberReplaced)
        case .silence: throw WarrenError(.unavailable, "")
        }
      }
      watch = RoleWatch(identity: own.identity, doubts: Doubts(), renewal: renewal, credentials: credentials, agent: nil, logger: logger)
    }
  }

  /// What the cluster says when the node asks for its next certificate.
  private enum Answer {
    case role(NodeIdentity.Role)
    case removed, otherMember, silence
  }

  @Test func theNextCertificateSaysWhatItIs() async throws {
    let cases: [(Answer, RoleWatch.Verdict)] = [
      (.role(.worker), .asBefore), (.role(.manager), .becomes(.manager)), (.removed, .removed), (.silence, .asBefore),
    ]
    for (answer, verdict) in cases { #expect(try await Case(answer).watch.look() == verdict) }
    #expect(try await Case(.otherMember, of: .manager).watch.look() == .becomes(.manager), "demoted and promoted again meanwhile")
  }

  @Test func itAsksOnce() async throws {
    let node = try Case(.role(.manager))
    for _ in 0..<2 { #expect(await node.watch.look() == .becomes(.manager)) }
    #expect(node.renewals.withLockedValue { $0 } == 1, "it has the certificate")
  }
}
