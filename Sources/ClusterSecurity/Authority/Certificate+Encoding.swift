import ClusterModel
import Crypto
import SwiftASN1
package import X509

extension Certificate {
  /// What a peer may send as one certificate, in bytes of DER. Ours have under 1,000.
  package static let largestEncoding = 16 << 10

  package var der: [UInt8] {
    get throws {
      var serializer = DER.Serializer()
      try serializer.serialize(self)
      return serializer.serializedBytes
    }
  }

  /// SHA-256 of the public key (SubjectPublicKeyInfo, DER) in lower-case hexadecimal: what names a key in the store and in messages.
  package var keyFingerprint: String { Self.fingerprint(of: publicKey) }

  package static func fingerprint(of key: PublicKey) -> String {
    Hexadecimal.text(SHA256.hash(data: Array(key.subjectPublicKeyInfoBytes)))
  }

  /// In lower-case hexadecimal: what a certificate is revoked by.
  package var serialText: String { Hexadecimal.text(serialNumber.bytes) }

  package var isSelfSigned: Bool { issuer == subject && publicKey.isValidSignature(signature, for: self) }
}
