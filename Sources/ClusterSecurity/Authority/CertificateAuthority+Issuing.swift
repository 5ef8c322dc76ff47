package import ClusterModel
package import Crypto
import SwiftASN1
package import X509

extension CertificateAuthority {
  /// Of a node's certificate; it is renewed at half of it.
  package static let nodeValidity = Duration.seconds(90 * 86_400)

  /// The chain to show in handshakes: the new certificate first, then what leads to the roots.
  ///
  /// The identity is in the one URI among the alternative names (`NodeIdentity.uri`). The DNS names are for TLS libraries that insist on
  /// checking one: they follow from node and role, not from an address.
  /// - Throws: `permissionDenied` for another cluster's identity.
  package func issue(
    _ identity: NodeIdentity, for publicKey: P256.Signing.PublicKey, now: Timestamp, validity: Duration = nodeValidity
  ) throws -> [Certificate] {
    guard identity.cluster == cluster else {
      throw WarrenError(.permissionDenied, "cluster \(cluster) issues no certificate for cluster \(identity.cluster); ask that one")
    }
    let subject = try DistinguishedName {
      CommonName(identity.node.rawValue)
      OrganizationalUnitName(identity.role.rawValue)
      OrganizationName(cluster.rawValue)
    }
    var names = [GeneralName.uniformResourceIdentifier(identity.uri)]
    var usages = [ExtendedKeyUsage.Usage.clientAuth]
    if identity.role != .admin {
      names += identity.serverNames.map { .dnsName($0) }
      usages.append(.serverAuth)
    }
    let leaf = try Self.certificate(
      of: subject, Certificate.PublicKey(publicKey), signedBy: (root.subject, key), now: now, until: now + validity,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage(usages)
        SubjectKeyIdentifier(hash: Certificate.PublicKey(publicKey))
        Self.identifier(of: key)
        SubjectAlternativeNames(names)
      })
    return [leaf] + trust.attachments
  }
}
