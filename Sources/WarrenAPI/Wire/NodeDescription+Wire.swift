package import ClusterModel

extension NodeDescription {
  package init(wire: Warren_V1_NodeDescription) {
    self.init(
      hostname: wire.hostname, os: wire.os, architecture: wire.architecture, resources: Resources(wire: wire.resources),
      runtimeVersion: wire.runtimeVersion, warrenVersion: wire.warrenVersion, kernel: wire.kernel)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_NodeDescription {
    var message = Warren_V1_NodeDescription()
    message.hostname = hostname
    message.os = os
    message.architecture = architecture
    message.resources = resources.wire
    message.runtimeVersion = runtimeVersion
    message.warrenVersion = warrenVersion
    message.kernel = kernel
    message.restore(unknown)
    return message
  }
}
