package import ClusterModel
import Crypto
import NIOSSL
package import RaftTransport
package import Security
import SwiftASN1
import X509

extension TransportCertificates {
  /// - Parameters:
  ///   - book: which member a node is; who is not in it is none.
  ///   - keys: fingerprints of the keys of a node, as the store has them; nil while the store does not know the node.
  package init(_ credentials: NodeCredentials, book: PeerBook, keys: @escaping @Sendable (NodeID) -> [String]?) throws {
    let trust = credentials.trust
    let cluster = credentials.identity.cluster
    self.init(
      chain: try ([credentials.certificate] + trust.links).map { try NIOSSLCertificate(bytes: $0.der, format: .der) },
      key: try NIOSSLPrivateKey(bytes: Array(credentials.key.derRepresentation), format: .der),
      roots: try trust.roots.map { try NIOSSLCertificate(bytes: $0.der, format: .der) }
    ) { shown in
      guard let certificate = try? Certificate(derEncoded: shown.toDERBytes()), let identity = certificate.claimedIdentity,
        identity.role == .manager, identity.cluster == cluster, keys(identity.node)?.contains(certificate.keyFingerprint) ?? true
      else { return nil }
      return book.member(of: identity.node)
    }
  }
}
