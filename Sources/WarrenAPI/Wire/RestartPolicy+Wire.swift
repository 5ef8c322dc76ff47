package import ClusterModel

extension RestartPolicy {
  package init(wire: Warren_V1_RestartPolicy) throws(WarrenError) {
    self.init()
    condition = try Condition(wire: wire.condition, default: condition, field: "RestartPolicy.condition")
    if wire.hasDelay { delay = Duration(wire: wire.delay) }
    maxAttempts = Int(wire.maxAttempts)
    if wire.hasWindow { window = Duration(wire: wire.window) }
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_RestartPolicy {
    var message = Warren_V1_RestartPolicy()
    message.condition = Warren_V1_RestartCondition(condition)
    message.delay = delay.wire
    message.maxAttempts = UInt32(clamping: maxAttempts)
    if window != .zero { message.window = window.wire }
    message.restore(unknown)
    return message
  }
}
