package import ClusterModel
import Crypto
import X509

extension CertificateAuthority {
  /// The authority with a new root and key, in the middle of a rotation: it signs with the new key, and both roots are trusted.
  ///
  /// Nodes get the new roots with their next certificate, which they ask for at once (`RenewalSchedule`). When all have one, `finishedRotation`
  /// ends it.
  /// - Throws: `failedPrecondition` while a rotation is under way.
  package func rotated(now: Timestamp) throws -> CertificateAuthority {
    guard !trust.isRotating else {
      throw WarrenError(
        .failedPrecondition,
        "the authority of cluster \(cluster) is being replaced already; some nodes have no certificate of the new one yet; wait for them or remove them"
      )
    }
    let newKey = P256.Signing.PrivateKey()
    let newRoot = try Self.makeRoot(cluster: cluster, key: newKey, now: now)
    let link = try Self.certificate(
      of: newRoot.subject, newRoot.publicKey, signedBy: (root.subject, key), now: now, until: Timestamp(root.notValidAfter),
      extensions: Self.authorityExtensions(of: newKey, below: 0, signedBy: key))
    return try CertificateAuthority(cluster: cluster, trust: TrustBundle(roots: [newRoot, root], links: [link]), key: newKey)
  }

  /// Without the old root: what only it has signed counts no more, and tokens from before the rotation neither.
  package func finishedRotation() -> CertificateAuthority {
    var authority = self
    authority.trust = TrustBundle(roots: [root])
    return authority
  }
}
