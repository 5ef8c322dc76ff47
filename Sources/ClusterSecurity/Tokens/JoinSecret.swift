package import ClusterModel
import Crypto

/// A join token as people carry it: 64 lower-case hexadecimal characters, the pin of the cluster's authority and a secret of 128 bits.
package struct JoinSecret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  package let pin: AuthorityPin
  private let secret: [UInt8]

  init(pin: AuthorityPin, secret: [UInt8]) {
    self.pin = pin
    self.secret = secret
  }

  /// A new one.
  package static func random(pin: AuthorityPin, using generator: inout some RandomNumberGenerator) -> JoinSecret {
    JoinSecret(pin: pin, secret: (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  /// - Throws: `invalidArgument`, without showing what was given.
  package init(_ text: String) throws(WarrenError) {
    guard text.utf8.count == 64, let pin = AuthorityPin(text.prefix(AuthorityPin.characters)),
      let secret = Hexadecimal.bytes(text.suffix(64 - AuthorityPin.characters))
    else {
      throw WarrenError(
        .invalidArgument,
        "this is not a join token; a token is 64 characters, 0 to 9 and a to f; copy all of it, or get one with 'warren cluster join-token'")
    }
    self.init(pin: pin, secret: secret)
  }

  /// The token itself. Not `description`: it must not get into a log by accident.
  package var text: String { pin.text + Hexadecimal.text(secret) }

  /// What the store knows of it (`JoinToken.id`): SHA-256 of the secret's 16 bytes.
  package var hash: Identifier<JoinToken> { Identifier(Hexadecimal.text(SHA256.hash(data: secret))) }

  /// In a time that does not depend on what is equal.
  func matches(_ token: JoinToken) -> Bool {
    guard let stored = Hexadecimal.bytes(token.id.rawValue) else { return false }
    return SHA256.hash(data: secret) == stored
  }

  package static func == (left: JoinSecret, right: JoinSecret) -> Bool {
    left.pin == right.pin && SHA256.hash(data: left.secret) == SHA256.hash(data: right.secret)
  }

  package var description: String { "join token of the authority \(pin)" }
  package var customMirror: Mirror { Mirror(self, children: ["pin": pin.text]) }
}
