package import ClusterModel

extension UpdatePolicy {
  package init(wire: Warren_V1_UpdatePolicy) throws(WarrenError) {
    self.init()
    switch wire.parallelism {
    case .slots(let count): parallelism = .slots(Int(count))
    case .percent(let percent): parallelism = .percent(Int(percent))
    case nil: break
    }
    if wire.hasDelay { delay = Duration(wire: wire.delay) }
    if wire.order != .unspecified { order = try Order(wire: wire.order, default: nil, field: "UpdatePolicy.order") }
    if wire.hasMonitor { monitor = Duration(wire: wire.monitor) }
    failureAction = try FailureAction(wire: wire.failureAction, default: failureAction, field: "UpdatePolicy.failure_action")
    maxFailureRatio = wire.maxFailureRatio
    strategy = try Strategy(wire.strategy, keep: wire.keep, weights: wire.canaryWeights, of: "UpdatePolicy")
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_UpdatePolicy {
    var message = Warren_V1_UpdatePolicy()
    switch parallelism {
    case .slots(let count): message.slots = UInt32(clamping: count)
    case .percent(let percent): message.percent = UInt32(clamping: percent)
    }
    if delay != .zero { message.delay = delay.wire }
    if let order { message.order = Warren_V1_UpdateOrder(order) }
    message.monitor = monitor.wire
    message.failureAction = Warren_V1_UpdateFailureAction(failureAction)
    message.maxFailureRatio = maxFailureRatio
    (message.strategy, message.canaryWeights) = (strategy.wire, strategy.weights)
    if let keep = strategy.keep { message.keep = keep }
    message.restore(unknown)
    return message
  }
}
