package import ClusterModel
package import X509

/// A certificate whose chain was validated. Nothing makes one but `CertificateVerifier`: who holds one holds an identity.
package struct VerifiedCertificate: Sendable, Hashable {
  package let identity: NodeIdentity
  package let certificate: Certificate
  /// From the certificate to the root.
  package let chain: [Certificate]
  /// Set when it has run out and was let through for its renewal; it is good for nothing else.
  package let expiredAt: Timestamp?

  init(identity: NodeIdentity, chain: [Certificate], certificate: Certificate, expiredAt: Timestamp?) {
    self.identity = identity
    self.certificate = certificate
    self.chain = chain
    self.expiredAt = expiredAt
  }

  package var serial: String { certificate.serialText }
  package var keyFingerprint: String { certificate.keyFingerprint }
  package var expiresAt: Timestamp { Timestamp(certificate.notValidAfter) }
}
