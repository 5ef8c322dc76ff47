package import ClusterModel

extension ContainerSpec {
  package init(wire: Warren_V1_ContainerSpec) throws(WarrenError) {
    self.init(image: wire.image)
    entrypoint = wire.entrypointSet || !wire.entrypoint.isEmpty ? wire.entrypoint : nil
    args = wire.args
    env = wire.env
    user = wire.user
    workingDirectory = wire.workingDirectory
    hostname = wire.hostname
    labels = wire.labels
    mounts = try wire.mounts.map(Mount.init(wire:))
    readOnly = wire.readOnly
    capAdd = wire.capAdd
    capDrop = wire.capDrop
    devices = wire.devices
    initProcess = wire.init_p
    stopSignal = wire.stopSignal
    if wire.hasStopGrace { stopGrace = Duration(wire: wire.stopGrace) }
    ulimits = wire.ulimits.map(Ulimit.init(wire:))
    allowNewPrivileges = wire.allowNewPrivileges
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_ContainerSpec {
    var message = Warren_V1_ContainerSpec()
    message.image = image
    message.entrypoint = entrypoint ?? []
    message.entrypointSet = entrypoint != nil
    message.args = args
    message.env = env
    message.user = user
    message.workingDirectory = workingDirectory
    message.hostname = hostname
    message.labels = labels
    message.mounts = mounts.map(\.wire)
    message.readOnly = readOnly
    message.capAdd = capAdd
    message.capDrop = capDrop
    message.devices = devices
    message.init_p = initProcess
    message.stopSignal = stopSignal
    message.stopGrace = stopGrace.wire
    message.ulimits = ulimits.map(\.wire)
    message.allowNewPrivileges = allowNewPrivileges
    message.restore(unknown)
    return message
  }
}
