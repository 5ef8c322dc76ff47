package import ClusterModel
import SwiftASN1
package import X509

/// What a cluster trusts: one root, or two while the authority is being replaced.
///
/// While there are two, the `links` say in the old root's name that the new one may be trusted: each is the new root's name and key, signed
/// by the old root's key. Certificates are shown together with them, so a node that has not heard of the new root yet (it was off when the
/// rotation began) still finds a way from what it is shown to the root that it knows.
package struct TrustBundle: Sendable, Hashable {
  /// The one that signs now is the first.
  package internal(set) var roots: [Certificate]
  package internal(set) var links: [Certificate]

  package init(roots: [Certificate], links: [Certificate] = []) {
    self.roots = roots
    self.links = links
  }

  /// What goes behind one's own certificate in a handshake. The roots are in it for those who join: all they have is a pin. The links stand
  /// before the roots, because OpenSSL-like verifiers take the first certificate that fits and do not go back.
  package var attachments: [Certificate] { links + roots }

  package var isRotating: Bool { roots.count > 1 }

  /// Of every root: a token that was made before a rotation began serves until it ends.
  package var pins: [AuthorityPin] { roots.map(AuthorityPin.init) }

  /// Whether the root that signs now has signed it. What it has not is to be renewed at once: its root will go.
  package func hasSigned(_ certificate: Certificate) -> Bool {
    guard let root = roots.first else { return false }
    return certificate.issuer == root.subject && root.publicKey.isValidSignature(certificate.signature, for: certificate)
  }
}

extension TrustBundle {
  /// - Throws: `dataLoss` when one of them is no certificate.
  package init(rootsDER: [[UInt8]], linksDER: [[UInt8]] = []) throws(WarrenError) {
    func parsed(_ encoded: [[UInt8]]) throws(WarrenError) -> [Certificate] {
      do { return try encoded.map { try Certificate(derEncoded: $0) } } catch {
        throw WarrenError(.dataLoss, "the cluster's root certificates cannot be read; put back a backup of the cluster", cause: error)
      }
    }
    self.init(roots: try parsed(rootsDER), links: try parsed(linksDER))
    guard !roots.isEmpty else { throw WarrenError(.dataLoss, "the cluster has no root certificate; put back a backup of the cluster") }
  }
}
