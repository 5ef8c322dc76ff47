import Crypto
package import X509

/// Names an authority by its key: the first 128 bits of SHA-256 over its public key (SubjectPublicKeyInfo, DER), as 32 lower-case
/// hexadecimal characters. Whoever wants to be taken for this authority has to find another key with the same 128 bits.
package struct AuthorityPin: Hashable, Sendable, CustomStringConvertible {
  static let characters = 32

  package let text: String

  package init(_ authority: Certificate) {
    text = Hexadecimal.text(SHA256.hash(data: Array(authority.publicKey.subjectPublicKeyInfoBytes)).prefix(Self.characters / 2))
  }

  /// Nil when the text is not one.
  init?(_ text: some StringProtocol) {
    guard let bytes = Hexadecimal.bytes(text), bytes.count == Self.characters / 2 else { return nil }
    self.text = String(text)
  }

  package var description: String { text }
}
