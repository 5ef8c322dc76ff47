package import ClusterModel

extension TaskSpec {
  package init(wire: Warren_V1_TaskSpec) throws(WarrenError) {
    self.init(container: try ContainerSpec(wire: wire.container))
    limits = Resources(wire: wire.limits)
    reservations = Resources(wire: wire.reservations)
    restart = try RestartPolicy(wire: wire.restart)
    placement = Placement(wire: wire.placement)
    network = try NetworkMode(wire: wire.network, default: .bridge, field: "TaskSpec.network")
    ports = try wire.ports.map(PublishedPort.init(wire:))
    pidsLimit = Int(wire.pidsLimit)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_TaskSpec {
    var message = Warren_V1_TaskSpec()
    message.container = container.wire
    if limits != Resources() { message.limits = limits.wire }
    if reservations != Resources() { message.reservations = reservations.wire }
    message.restart = restart.wire
    message.placement = placement.wire
    message.network = Warren_V1_NetworkMode(network)
    message.ports = ports.map(\.wire)
    message.pidsLimit = UInt32(clamping: pidsLimit)
    message.restore(unknown)
    return message
  }
}
