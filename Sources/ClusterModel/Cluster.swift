/// The cluster itself: one object per store, made by `warren cluster init`.
package struct Cluster: Hashable, Sendable, Identifiable {
  package var id: ClusterID
  package var meta = Meta()
  /// Nil in a store of a version that had none, until the first start of a manager that makes one.
  package var authority: AuthorityRecord?
  package var revoked: [RevokedCertificate] = []
  /// The highest number that a manager ever had among the members of Raft; 0 in a store of a version that had one manager only.
  package var lastMemberID: UInt64 = 0
  /// Fingerprints of the keys of the nodes that were removed last, the newest at the end: how those that were elsewhere are told so.
  package var removedKeys: [String] = []
  package var unknown = UnknownFields()

  package init(id: ClusterID) { self.id = id }

  /// So many keys are remembered: two for each node.
  private static let mostRemovedKeys = 512

  package mutating func remember(removed keys: [String]) {
    removedKeys.removeAll { keys.contains($0) }
    removedKeys = (removedKeys + keys).suffix(Self.mostRemovedKeys)
  }
}
