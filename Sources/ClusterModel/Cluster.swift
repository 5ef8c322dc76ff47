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
  /// The number of the member that the present group of managers began with, when the cluster was recovered or restored: of members with lower
  /// numbers none counts any more. 0: the first group.
  package var founder: UInt64 = 0
  package var formerManagers: [FormerManager] = []
  /// Nil when it never was.
  package var restoration: Restoration?
  package var unknown = UnknownFields()

  package init(id: ClusterID) { self.id = id }

  /// So many keys are remembered: two for each node.
  private static let mostRemovedKeys = 512

  package mutating func remember(removed keys: [String]) {
    removedKeys.removeAll { keys.contains($0) }
    removedKeys = (removedKeys + keys).suffix(Self.mostRemovedKeys)
  }

  /// A manager that was given up with its group. It is told so when it comes back.
  package struct FormerManager: Hashable, Sendable {
    package var node: NodeID
    package var memberID: UInt64
    package var raftAddress: String

    package init(node: NodeID, memberID: UInt64, raftAddress: String) {
      self.node = node
      self.memberID = memberID
      self.raftAddress = raftAddress
    }
  }

  /// The cluster was restored from a backup: what happened in between is not known here.
  package struct Restoration: Hashable, Sendable {
    /// When the backup was made.
    package var from: Timestamp
    /// When it was restored.
    package var at: Timestamp

    package init(from: Timestamp, at: Timestamp) {
      self.from = from
      self.at = at
    }
  }
}
