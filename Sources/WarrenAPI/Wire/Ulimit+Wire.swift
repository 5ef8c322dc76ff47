package import ClusterModel

extension Ulimit {
  package init(wire: Warren_V1_Ulimit) {
    self.init(name: wire.name, soft: wire.soft, hard: wire.hard)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Ulimit {
    var message = Warren_V1_Ulimit()
    message.name = name
    message.soft = soft
    message.hard = hard
    message.restore(unknown)
    return message
  }
}
