import ClusterModel
import FoundationEssentials

extension AuthorityRecord {
  init(wire: Warren_V1_ClusterAuthority) {
    self.init(roots: wire.roots.map { Array($0) }, links: wire.links.map { Array($0) }, sealedKey: Array(wire.sealedKey))
    unknown = UnknownFields(of: wire)
  }

  var wire: Warren_V1_ClusterAuthority {
    var message = Warren_V1_ClusterAuthority()
    message.roots = roots.map { Data($0) }
    message.links = links.map { Data($0) }
    message.sealedKey = Data(sealedKey)
    message.restore(unknown)
    return message
  }
}
