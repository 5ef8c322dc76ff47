import ClusterModel
package import ClusterSecurity
import Crypto
import NIOSSL
package import RaftTransport
import SwiftASN1
import X509

extension TransportCertificates {
  /// - Parameters:
  ///   - book: which member a node is; who is not in it is none.
  ///   - store: has the keys of removed nodes. Which keys the others have it may not know: they renew them while this manager is away, and it
  ///     learns that from them only.
  package init(_ credentials: NodeCredentials, book: PeerBook, store: ClusterStore) throws {
    let trust = credentials.trust
    let cluster = credentials.identity.cluster
    // What a removed node says counts no more, be it of itself or of others.
    let manager = { @Sendable (shown: NIOSSLCertificate) -> NodeIdentity? in
      guard let certificate = try? Certificate(derEncoded: shown.toDERBytes()), let identity = certificate.claimedIdentity,
        identity.role == .manager, identity.cluster == cluster,
        store.view.cluster?.removedKeys.contains(certificate.keyFingerprint) != true
      else { return nil }
      return identity
    }
    self.init(
      chain: try ([credentials.certificate] + trust.links).map { try NIOSSLCertificate(bytes: $0.der, format: .der) },
      key: try NIOSSLPrivateKey(bytes: Array(credentials.key.derRepresentation), format: .der),
      roots: try trust.roots.map { try NIOSSLCertificate(bytes: $0.der, format: .der) },
      isManager: { manager($0) != nil }
    ) { shown in manager(shown).flatMap { book.member(of: $0.node) } }
  }
}
