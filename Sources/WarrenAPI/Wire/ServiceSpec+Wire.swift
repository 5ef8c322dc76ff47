package import ClusterModel

extension ServiceSpec {
  package init(wire: Warren_V1_ServiceSpec) throws(WarrenError) {
    let mode: Mode =
      switch wire.mode {
      case .replicated(let replicated): .replicated(replicas: Int(replicated.replicas))
      case .global: .global
      case nil:
        // A mode of a newer version is among the unknown fields: taking it for the default would start the wrong tasks.
        throw WarrenError(
          .invalidArgument,
          "service \(wire.name.quoted) has no mode that this version of Warren knows; give replicated or global, or upgrade Warren here")
      }
    self.init(name: wire.name, mode: mode, task: try TaskSpec(wire: wire.task))
    labels = wire.labels
    if wire.hasUpdate { update = try UpdatePolicy(wire: wire.update) }
    if wire.hasRollback { rollback = try UpdatePolicy(wire: wire.rollback) }
    startsAfter = wire.startsAfter
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_ServiceSpec {
    var message = Warren_V1_ServiceSpec()
    message.name = name
    message.labels = labels
    switch mode {
    case .replicated(let replicas): message.replicated.replicas = UInt32(clamping: replicas)
    case .global: message.global = Warren_V1_GlobalMode()
    }
    message.task = task.wire
    if update != UpdatePolicy() { message.update = update.wire }
    if rollback != UpdatePolicy() { message.rollback = rollback.wire }
    message.startsAfter = startsAfter
    message.restore(unknown)
    return message
  }
}
