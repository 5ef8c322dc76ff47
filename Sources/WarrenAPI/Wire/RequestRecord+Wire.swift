package import ClusterModel

extension RequestRecord {
  package init(wire: Warren_V1_RequestRecord) throws(WarrenError) {
    self.init(id: Identifier(wire.requestID), method: wire.method, objectID: wire.objectID)
    previousReplicas = wire.hasPreviousReplicas ? Int(wire.previousReplicas) : nil
    meta = Meta(wire: wire.meta)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_RequestRecord {
    var message = Warren_V1_RequestRecord()
    message.requestID = id.rawValue
    message.meta = meta.wire
    message.method = method
    message.objectID = objectID
    if let previousReplicas { message.previousReplicas = UInt32(clamping: previousReplicas) }
    message.restore(unknown)
    return message
  }
}
