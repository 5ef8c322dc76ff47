package import ClusterModel

extension Placement {
  package init(wire: Warren_V1_Placement) {
    self.init()
    constraints = wire.constraints
    maxPerNode = Int(wire.maxPerNode)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Placement {
    var message = Warren_V1_Placement()
    message.constraints = constraints
    message.maxPerNode = UInt32(clamping: maxPerNode)
    message.restore(unknown)
    return message
  }
}
