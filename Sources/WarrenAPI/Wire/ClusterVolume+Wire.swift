package import ClusterModel

extension ClusterVolume {
  package init(wire: Warren_V1_Volume) throws(WarrenError) {
    self.init(id: Identifier(wire.id), name: wire.name, driver: wire.driver)
    meta = Meta(wire: wire.meta)
    labels = wire.labels
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Volume {
    var message = Warren_V1_Volume()
    message.id = id.rawValue
    message.meta = meta.wire
    message.name = name
    message.labels = labels
    message.driver = driver
    message.restore(unknown)
    return message
  }
}
