package import ClusterModel

extension ClusterService {
  package init(wire: Warren_V1_Service) throws(WarrenError) {
    self.init(id: ServiceID(wire.id), spec: try ServiceSpec(wire: wire.spec))
    meta = Meta(wire: wire.meta)
    revision = wire.revision
    deleting = wire.deleting
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Service {
    var message = Warren_V1_Service()
    message.id = id.rawValue
    message.meta = meta.wire
    message.spec = spec.wire
    message.revision = revision
    message.deleting = deleting
    message.restore(unknown)
    return message
  }
}
