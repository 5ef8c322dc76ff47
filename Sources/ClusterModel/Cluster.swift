/// The cluster itself: one object per store, made by `warren cluster init`.
package struct Cluster: Hashable, Sendable, Identifiable {
  package var id: ClusterID
  package var meta = Meta()
  /// Nil in a store of a version that had none, until the first start of a manager that makes one.
  package var authority: AuthorityRecord?
  package var revoked: [RevokedCertificate] = []
  package var unknown = UnknownFields()

  package init(id: ClusterID) { self.id = id }
}
