import Crypto

/// A 256-bit key for AES-GCM.
package struct SealingKey: Sendable, Hashable, CustomStringConvertible {
  static let identifierLength = 8

  let key: SymmetricKey
  /// The beginning of the key's hash: tells which key a box needs.
  let identifier: [UInt8]

  package init() { self.init(SymmetricKey(size: .bits256)) }

  /// Nil when these are not 32 bytes.
  init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.init(SymmetricKey(data: bytes))
  }

  private init(_ key: SymmetricKey) {
    self.key = key
    identifier = Array(SHA256.hash(data: key.withUnsafeBytes { Array($0) }).prefix(Self.identifierLength))
  }

  var bytes: [UInt8] { key.withUnsafeBytes { Array($0) } }

  /// Its name, never the key.
  package var description: String { Hexadecimal.text(identifier) }

  package static func == (left: Self, right: Self) -> Bool { left.key == right.key }
  package func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}
