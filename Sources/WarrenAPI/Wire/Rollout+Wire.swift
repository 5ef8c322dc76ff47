package import ClusterModel

extension Rollout {
  package init(wire: Warren_V1_Rollout) throws(WarrenError) {
    self.init(
      try Kind(wire: wire.kind, default: nil, field: "Rollout.kind"), from: wire.fromRevision, to: wire.toRevision,
      at: Timestamp(wire: wire.startedAt))
    state = try State(wire: wire.state, default: nil, field: "Rollout.state")
    if wire.hasEndedAt { endedAt = Timestamp(wire: wire.endedAt) }
    message = wire.message
    failures = Int(wire.failures)
    failedTasks = wire.failedTasks.map { TaskID($0) }
    lastLines = wire.lastLines
    strategy = try UpdatePolicy.Strategy(wire.strategy, keep: wire.keep, weights: wire.canaryWeights, of: "Rollout")
    promotions = Int(wire.promotions)
    if wire.hasPromotedAt { promotedAt = Timestamp(wire: wire.promotedAt) }
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Rollout {
    var wire = Warren_V1_Rollout()
    wire.kind = Warren_V1_RolloutKind(kind)
    wire.state = Warren_V1_RolloutState(state)
    wire.fromRevision = from
    wire.toRevision = to
    wire.startedAt = startedAt.wire
    if let endedAt { wire.endedAt = endedAt.wire }
    wire.message = message
    wire.failures = UInt32(clamping: failures)
    wire.failedTasks = failedTasks.map(\.rawValue)
    wire.lastLines = lastLines
    (wire.strategy, wire.canaryWeights) = (strategy.wire, strategy.weights)
    if let keep = strategy.keep { wire.keep = keep }
    wire.promotions = UInt32(clamping: promotions)
    if let promotedAt { wire.promotedAt = promotedAt.wire }
    wire.restore(unknown)
    return wire
  }
}

extension ServiceRevision {
  package init(wire: Warren_V1_ServiceRevision) throws(WarrenError) {
    self.init(number: wire.number, task: try TaskSpec(wire: wire.task), madeAt: Timestamp(wire: wire.madeAt))
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_ServiceRevision {
    var message = Warren_V1_ServiceRevision()
    message.number = number
    message.task = task.wire
    message.madeAt = madeAt.wire
    message.restore(unknown)
    return message
  }
}
