/// The cluster's certificate authority as the store keeps it.
package struct AuthorityRecord: Hashable, Sendable {
  /// Trusted root certificates, DER. The one that signs now is the first; there is a second while the authority is being replaced.
  package var roots: [[UInt8]]
  /// Certificates in which the old root vouches for the new one, DER.
  package var links: [[UInt8]]
  /// The signing key, sealed with a key that is not in the store.
  package var sealedKey: [UInt8]
  package var unknown = UnknownFields()

  package init(roots: [[UInt8]], links: [[UInt8]], sealedKey: [UInt8]) {
    self.roots = roots
    self.links = links
    self.sealedKey = sealedKey
  }
}
