package import ClusterModel
import SwiftProtobuf

extension Cluster {
  package init(wire: Warren_V1_Cluster) throws(WarrenError) {
    self.init(id: ClusterID(wire.id))
    meta = Meta(wire: wire.meta)
    if wire.hasAuthority { authority = AuthorityRecord(wire: wire.authority) }
    revoked = wire.revoked.map { RevokedCertificate(wire: $0) }
    lastMemberID = wire.lastMemberID
    removedKeys = wire.removedKeys
    founder = wire.founder
    formerManagers = wire.formerManagers.map {
      FormerManager(node: NodeID($0.nodeID), memberID: $0.memberID, raftAddress: $0.raftAddress)
    }
    if wire.hasRestoredAt { restoration = Restoration(from: Timestamp(wire: wire.restoredFrom), at: Timestamp(wire: wire.restoredAt)) }
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
    message.founder = founder
    message.formerManagers = formerManagers.map { former in
      .with {
        $0.nodeID = former.node.rawValue
        $0.memberID = former.memberID
        $0.raftAddress = former.raftAddress
      }
    }
    if let restoration { (message.restoredFrom, message.restoredAt) = (restoration.from.wire, restoration.at.wire) }
    message.restore(unknown)
    return message
  }
}
