package import ClusterModel

extension ClusterService {
  package init(wire: Warren_V1_Service) throws(WarrenError) {
    self.init(id: ServiceID(wire.id), spec: try ServiceSpec(wire: wire.spec))
    meta = Meta(wire: wire.meta)
    revision = wire.revision
    deleting = wire.deleting
    for revision in wire.revisions { revisions.append(try ServiceRevision(wire: revision)) }
    if wire.hasRollout { rollout = try Rollout(wire: wire.rollout) }
    waitsToStart = wire.waitsToStart
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Service {
    var message = Warren_V1_Service()
    message.id = id.rawValue
    message.meta = meta.wire
    message.spec = spec.wire
    message.revision = revision
    message.deleting = deleting
    message.revisions = revisions.map(\.wire)
    if let rollout { message.rollout = rollout.wire }
    message.waitsToStart = waitsToStart
    message.restore(unknown)
    return message
  }
}
