package import ClusterModel

extension Ulimit {
  package init(wire: Warren_V1_Ulimit) {
    self.init(name: wire.name, soft: wire.soft, hard: wire.hard)
  }

  package var wire: Warren_V1_Ulimit {
    var message = Warren_V1_Ulimit()
    message.name = name
    message.soft = soft
    message.hard = hard
    return message
  }
}
