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
    if wire.hasReadiness { readiness = try HealthCheck(wire: wire.readiness) }
    if wire.hasLiveness { liveness = try HealthCheck(wire: wire.liveness) }
    ignoresImageHealth = wire.ignoreImageHealth
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
    if let readiness { message.readiness = readiness.wire }
    if let liveness { message.liveness = liveness.wire }
    message.ignoreImageHealth = ignoresImageHealth
    message.restore(unknown)
    return message
  }
}
