package import ClusterModel

extension RequestRecord {
  package init(wire: Warren_V1_RequestRecord) throws(WarrenError) {
    self.init(id: Identifier(wire.requestID), method: wire.method, objectID: wire.objectID)
    meta = Meta(wire: wire.meta)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_RequestRecord {
    var message = Warren_V1_RequestRecord()
    message.requestID = id.rawValue
    message.meta = meta.wire
    message.method = method
    message.objectID = objectID
    message.restore(unknown)
    return message
  }
}
