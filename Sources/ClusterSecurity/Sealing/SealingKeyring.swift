package import ClusterModel
import Crypto
import FoundationEssentials

/// The keys that seal what must not be read by whoever gets hold of the log or a backup of it. All managers of a cluster have the same.
///
/// A box is: 1 (the format), the key's identifier (8 bytes), the nonce (12), the ciphertext, the tag (16). Format, identifier and purpose are
/// authenticated with it.
package struct SealingKeyring: Sendable, Equatable, CustomStringConvertible {
  private static let format: UInt8 = 1
  private static let header = 1 + SealingKey.identifierLength

  /// Seals with the first; opens with any. Never empty.
  package private(set) var keys: [SealingKey]

  /// With one new key.
  package init() { keys = [SealingKey()] }

  private init(_ keys: [SealingKey]) { self.keys = keys }

  package func seal(_ bytes: [UInt8], for purpose: SealingPurpose) throws -> [UInt8] {
    let head = [Self.format] + keys[0].identifier
    let box = try AES.GCM.seal(bytes, using: keys[0].key, authenticating: head + Array(purpose.text.utf8))
    return head + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
  }

  /// - Throws: `failedPrecondition` when the key it was sealed with is not here, `dataLoss` when it was changed or was sealed for something
  ///   else.
  package func open(_ box: [UInt8], for purpose: SealingPurpose) throws(WarrenError) -> [UInt8] {
    let damaged = WarrenError(.dataLoss, "what is sealed as '\(purpose.text)' is damaged, or was sealed as something else; put back a backup")
    guard box.count >= Self.header + 12 + 16, box.first == Self.format else { throw damaged }
    let head = Array(box[..<Self.header])
    guard let key = keys.first(where: { $0.identifier == Array(head.dropFirst()) }) else {
      throw WarrenError(
        .failedPrecondition,
        "'\(purpose.text)' is sealed with key \(Hexadecimal.text(head.dropFirst())), and this node has \(names); "
          + "put back the file of its sealing keys")
    }
    do {
      let sealed = try AES.GCM.SealedBox(combined: Data(box[Self.header...]))
      return Array(try AES.GCM.open(sealed, using: key.key, authenticating: head + Array(purpose.text.utf8)))
    } catch { throw damaged }
  }

  /// With a new key that seals from now on. What the older ones sealed still opens; seal it anew, then `withoutOldKeys`.
  package func rotated() -> SealingKeyring { SealingKeyring([SealingKey()] + keys) }

  package func withoutOldKeys() -> SealingKeyring { SealingKeyring([keys[0]]) }

  /// With another's keys first: what a node does with those of the cluster that it joins.
  package func adopting(_ other: SealingKeyring) -> SealingKeyring {
    SealingKeyring(other.keys + keys.filter { !other.keys.contains($0) })
  }

  /// Whether an older key sealed it.
  package func isOutdated(_ box: [UInt8]) -> Bool { Array(box.dropFirst().prefix(SealingKey.identifierLength)) != keys[0].identifier }

  /// Of the keys; never the keys.
  package var description: String { "sealing keys \(names)" }
  private var names: String { keys.map(\.description).joined(separator: ", ") }
}

/// As it is kept in a file and given to other managers.
extension SealingKeyring {
  private static let title = "warren sealing keys 1"

  /// Holds the keys in clear.
  package var text: String { ([Self.title] + keys.map { Hexadecimal.text($0.bytes) }).joined(separator: "\n") + "\n" }

  /// - Throws: `dataLoss`; without what was in the text.
  package init(text: String) throws(WarrenError) {
    let lines = text.split(separator: "\n")
    let keys = lines.dropFirst().compactMap { Hexadecimal.bytes($0).flatMap { SealingKey(bytes: $0) } }
    guard lines.first == Self.title[...], !keys.isEmpty, keys.count == lines.count - 1 else {
      throw WarrenError(.dataLoss, "these are no sealing keys, or damaged ones; put back the file of this node's sealing keys")
    }
    self.init(keys)
  }
}
