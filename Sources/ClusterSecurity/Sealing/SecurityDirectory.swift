package import ClusterModel
package import Crypto

/// What a node's data directory has of keys, in `security/`:
///
///     sealing-keys   what seals the rest, and on managers the authority's key in the store; never in the log
///     identity       this node's certificate with its key, and the roots
///     joining        while a node joins: the key that it asks with
package struct SecurityDirectory: Sendable {
  package let path: String

  package init(dataDirectory: String) { path = "\(dataDirectory)/security" }

  package var sealingKeysFile: String { "\(path)/sealing-keys" }
  private var identityFile: String { "\(path)/identity" }
  private var joining: PrivateFile { PrivateFile("\(path)/joining") }

  /// New ones are made, and kept, when there are none.
  package func sealingKeys() throws(WarrenError) -> SealingKeyring {
    if let kept = try keptSealingKeys() { return kept }
    let keys = SealingKeyring()
    try keep(keys)
    return keys
  }

  /// Nil when there are none.
  /// - Throws: `dataLoss` when they are damaged.
  package func keptSealingKeys() throws(WarrenError) -> SealingKeyring? {
    guard let bytes = try PrivateFile(sealingKeysFile).read() else { return nil }
    do { return try SealingKeyring(text: String(decoding: bytes, as: UTF8.self)) } catch {
      throw WarrenError(error.code, "\(sealingKeysFile): \(error.message)")
    }
  }

  package func keep(_ keys: SealingKeyring) throws(WarrenError) { try PrivateFile(sealingKeysFile).write(Array(keys.text.utf8)) }

  /// Nil when the node has none yet.
  /// - Throws: `dataLoss` when it is damaged, and what `SealingKeyring.open` throws.
  package func credentials(sealedWith keys: SealingKeyring) throws(WarrenError) -> NodeCredentials? {
    guard let bytes = try PrivateFile(identityFile).read() else { return nil }
    do { return try NodeCredentials(file: bytes, sealedWith: keys) } catch {
      throw WarrenError(error.code, "\(identityFile): \(error.message)")
    }
  }

  package func keep(_ credentials: NodeCredentials, sealedWith keys: SealingKeyring) throws {
    try PrivateFile(identityFile).write(try credentials.file(sealedWith: keys))
  }

  /// What a node joins with: the same key each time until it is done, so that a cluster that took it in without its knowing knows it again.
  package func joiningKey() throws(WarrenError) -> P256.Signing.PrivateKey {
    if let bytes = try joining.read(), let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) { return key }
    let key = P256.Signing.PrivateKey()
    try joining.write(Array(key.rawRepresentation))
    return key
  }

  /// Whether a node has begun to join, and is not done.
  package func isJoining() throws(WarrenError) -> Bool { try joining.read() != nil }

  package func hasJoined() { joining.remove() }
}
