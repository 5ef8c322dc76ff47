package import ClusterModel
package import Crypto
import SwiftASN1
import X509

/// A PKCS #10 request: a public key, the name of the node it is of, and the proof that the sender has the private key.
package struct CertificateRequest: Sendable {
  /// Ours have about 300 bytes.
  package static let largestEncoding = 4096

  package let node: NodeID
  package let publicKey: P256.Signing.PublicKey

  /// DER, signed with the key, which stays where it is.
  package static func make(for node: NodeID, key: P256.Signing.PrivateKey) throws -> [UInt8] {
    let request = try CertificateSigningRequest(
      version: .v1, subject: DistinguishedName { CommonName(node.rawValue) }, privateKey: Certificate.PrivateKey(key),
      attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256)
    var serializer = DER.Serializer()
    try serializer.serialize(request)
    return serializer.serializedBytes
  }

  /// - Throws: `invalidArgument` when it is none, is signed with another key, or has no P-256 key.
  package init(der: [UInt8]) throws(WarrenError) {
    func invalid(_ why: String) -> WarrenError {
      WarrenError(.invalidArgument, "the certificate request is not valid; \(why); start the node again, with the same version of warren")
    }
    guard der.count <= Self.largestEncoding else { throw invalid("it has \(der.count) bytes, more than \(Self.largestEncoding)") }
    guard let request = try? CertificateSigningRequest(derEncoded: der) else { throw invalid("it cannot be read") }
    guard let key = P256.Signing.PublicKey(request.publicKey) else { throw invalid("its key is not on the curve P-256") }
    guard request.publicKey.isValidSignature(request.signature, for: request) else { throw invalid("its sender has not got the key") }
    let names = request.subject.flatMap { $0 }.filter { $0.type == .RDNAttributeType.commonName }
    guard names.count == 1, let name = names.first.flatMap({ String($0.value) }) else { throw invalid("it does not name one node") }
    node = NodeID(name)
    publicKey = key
  }

  /// As `Certificate.keyFingerprint`.
  package var keyFingerprint: String { Certificate.fingerprint(of: Certificate.PublicKey(publicKey)) }
}
