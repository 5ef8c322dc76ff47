/// A named volume.
package struct ClusterVolume: Hashable, Sendable, Identifiable {
  package var id: Identifier<ClusterVolume>
  package var meta = Meta()
  package var name: String
  package var labels: [String: String] = [:]
  package var driver: String
  package var unknown = UnknownFields()

  package init(id: Identifier<ClusterVolume>, name: String, driver: String) {
    self.id = id
    self.name = name
    self.driver = driver
  }
}
