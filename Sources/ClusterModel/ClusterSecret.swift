/// A secret's name and its sealed bytes; the clear text is never stored.
package struct ClusterSecret: Hashable, Sendable, Identifiable {
  package var id: Identifier<ClusterSecret>
  package var meta = Meta()
  package var name: String
  package var labels: [String: String] = [:]
  package var sealedData: [UInt8]
  package var unknown = UnknownFields()

  package init(id: Identifier<ClusterSecret>, name: String, sealedData: [UInt8]) {
    self.id = id
    self.name = name
    self.sealedData = sealedData
  }
}
