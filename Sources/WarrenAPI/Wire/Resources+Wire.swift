package import ClusterModel

extension Resources {
  package init(wire: Warren_V1_Resources) {
    self.init(nanoCPUs: wire.nanoCpus, memoryBytes: wire.memoryBytes)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Resources {
    var message = Warren_V1_Resources()
    message.nanoCpus = nanoCPUs
    message.memoryBytes = memoryBytes
    message.restore(unknown)
    return message
  }
}
