package import ClusterModel
import FoundationEssentials

extension ClusterSecret {
  package init(wire: Warren_V1_Secret) throws(WarrenError) {
    self.init(id: Identifier(wire.id), name: wire.name, sealedData: Array(wire.sealedData))
    meta = Meta(wire: wire.meta)
    labels = wire.labels
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Secret {
    var message = Warren_V1_Secret()
    message.id = id.rawValue
    message.meta = meta.wire
    message.name = name
    message.labels = labels
    message.sealedData = Data(sealedData)
    message.restore(unknown)
    return message
  }
}
