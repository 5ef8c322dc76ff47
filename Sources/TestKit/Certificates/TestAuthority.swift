import Crypto
import FoundationEssentials
package import NIOSSL
import SwiftASN1
import X509

/// A certificate authority made for one test.
package struct TestAuthority: Sendable {
  private let key = P256.Signing.PrivateKey()
  private let name: DistinguishedName
  private let certificate: Certificate

  package init(_ commonName: String = "Test CA") throws {
    name = try DistinguishedName { CommonName(commonName) }
    let own = key
    certificate = try Self.certificate(
      name, own, issuer: name, own,
      Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(keyCertSign: true))
      })
  }

  package var root: NIOSSLCertificate { get throws { try Self.encoded(certificate) } }

  /// A certificate for clients and servers that is valid for an hour, with this one DNS name, and its key.
  package func issue(dnsName: String) throws -> (certificate: NIOSSLCertificate, key: NIOSSLPrivateKey) {
    let leafKey = P256.Signing.PrivateKey()
    let leaf = try Self.certificate(
      try DistinguishedName { CommonName(dnsName) }, leafKey, issuer: name, key,
      Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth, .clientAuth])
        SubjectAlternativeNames([.dnsName(dnsName)])
      })
    return (try Self.encoded(leaf), try NIOSSLPrivateKey(bytes: Array(leafKey.derRepresentation), format: .der))
  }

  private static func certificate(
    _ subject: DistinguishedName, _ key: P256.Signing.PrivateKey, issuer: DistinguishedName, _ issuerKey: P256.Signing.PrivateKey,
    _ extensions: Certificate.Extensions
  ) throws -> Certificate {
    try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: Date().addingTimeInterval(-3600), notValidAfter: Date().addingTimeInterval(3600), issuer: issuer, subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: Certificate.PrivateKey(issuerKey))
  }

  private static func encoded(_ certificate: Certificate) throws -> NIOSSLCertificate {
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der)
  }
}
