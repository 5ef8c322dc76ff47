/// The cluster itself: one object per store, made by `warren cluster init`.
package struct Cluster: Hashable, Sendable, Identifiable {
  package var id: ClusterID
  package var meta = Meta()
  package var unknown = UnknownFields()

  package init(id: ClusterID) { self.id = id }
}
