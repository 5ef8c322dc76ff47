package import ClusterModel

extension Cluster {
  package init(wire: Warren_V1_Cluster) throws(WarrenError) {
    self.init(id: ClusterID(wire.id))
    meta = Meta(wire: wire.meta)
    if wire.hasAuthority { authority = AuthorityRecord(wire: wire.authority) }
    revoked = wire.revoked.map { RevokedCertificate(wire: $0) }
    lastMemberID = wire.lastMemberID
    removedKeys = wire.removedKeys
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Cluster {
    var message = Warren_V1_Cluster()
    message.id = id.rawValue
    message.meta = meta.wire
    if let authority { message.authority = authority.wire }
    message.revoked = revoked.map(\.wire)
    message.lastMemberID = lastMemberID
    message.removedKeys = removedKeys
    message.restore(unknown)
    return message
  }
}
