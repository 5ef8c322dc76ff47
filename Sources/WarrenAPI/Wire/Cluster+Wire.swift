package import ClusterModel

extension Cluster {
  package init(wire: Warren_V1_Cluster) throws(WarrenError) {
    self.init(id: ClusterID(wire.id))
    meta = Meta(wire: wire.meta)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Cluster {
    var message = Warren_V1_Cluster()
    message.id = id.rawValue
    message.meta = meta.wire
    message.restore(unknown)
    return message
  }
}
