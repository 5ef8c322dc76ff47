/// The outcome of a request that carried an id, kept so that a retry is answered and not executed again.
package struct RequestRecord: Hashable, Sendable, Identifiable {
  package var id: Identifier<RequestRecord>
  package var meta = Meta()
  package var method: String
  /// The object the request made or changed.
  package var objectID: String
  /// How many replicas a service had before the request changed it.
  package var previousReplicas: Int?
  package var unknown = UnknownFields()

  package init(id: Identifier<RequestRecord>, method: String, objectID: String) {
    self.id = id
    self.method = method
    self.objectID = objectID
  }
}
