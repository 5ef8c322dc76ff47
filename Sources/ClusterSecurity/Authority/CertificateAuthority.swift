package import ClusterModel
import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A cluster's certificate authority (P-256, ECDSA with SHA-256): a root certificate and its key. Managers hold it, and nobody else.
package struct CertificateAuthority: Sendable, CustomStringConvertible {
  /// Longer than devices live; a rotation replaces a root at any time.
  static let rootValidity = Duration.seconds(20 * 365 * 86_400)
  /// Certificates are valid from so long before they were made, for machines whose clocks are behind.
  package static let clockTolerance = Duration.seconds(600)

  package let cluster: ClusterID
  package internal(set) var trust: TrustBundle
  let key: P256.Signing.PrivateKey
  /// The first of the trusted ones.
  let root: Certificate

  /// - Throws: `dataLoss` when the key is not the first root's.
  init(cluster: ClusterID, trust: TrustBundle, key: P256.Signing.PrivateKey) throws(WarrenError) {
    guard let root = trust.roots.first, root.publicKey == Certificate.PublicKey(key.publicKey) else {
      throw WarrenError(.dataLoss, "the authority's key is not that of its root certificate; put back a backup of the cluster")
    }
    self.cluster = cluster
    self.trust = trust
    self.key = key
    self.root = root
  }

  /// A new one, for a new cluster.
  package static func create(cluster: ClusterID, now: Timestamp) throws -> CertificateAuthority {
    let key = P256.Signing.PrivateKey()
    let root = try makeRoot(cluster: cluster, key: key, now: now)
    return try CertificateAuthority(cluster: cluster, trust: TrustBundle(roots: [root]), key: key)
  }

  package var pin: AuthorityPin { AuthorityPin(root) }

  /// Never the key.
  package var description: String { "authority \(pin) of cluster \(cluster)" }

  static func makeRoot(cluster: ClusterID, key: P256.Signing.PrivateKey, now: Timestamp) throws -> Certificate {
    // Two roots of one cluster have different names, so that it is clear which of them a certificate is from.
    let number = Hexadecimal.text(SHA256.hash(data: key.publicKey.derRepresentation).prefix(4))
    let name = try DistinguishedName {
      CommonName("Warren CA \(number)")
      OrganizationName(cluster.rawValue)
    }
    return try certificate(
      of: name, Certificate.PublicKey(key.publicKey), signedBy: (name, key), now: now, until: now + rootValidity,
      // Room for one link below it.
      extensions: authorityExtensions(of: key, below: 1))
  }

  static func authorityExtensions(
    of key: P256.Signing.PrivateKey, below pathLength: Int, signedBy issuer: P256.Signing.PrivateKey? = nil
  ) throws -> Certificate.Extensions {
    try Certificate.Extensions {
      Critical(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength))
      Critical(KeyUsage(keyCertSign: true, cRLSign: true))
      SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
      if let issuer { identifier(of: issuer) }
    }
  }

  static func identifier(of key: P256.Signing.PrivateKey) -> AuthorityKeyIdentifier {
    AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey)).keyIdentifier)
  }

  static func certificate(
    of subject: DistinguishedName, _ publicKey: Certificate.PublicKey, signedBy issuer: (name: DistinguishedName, key: P256.Signing.PrivateKey),
    now: Timestamp, until end: Timestamp, extensions: Certificate.Extensions
  ) throws -> Certificate {
    try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey, notValidBefore: (now + (.zero - clockTolerance)).date,
      notValidAfter: end.date, issuer: issuer.name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
      issuerPrivateKey: Certificate.PrivateKey(issuer.key))
  }
}
