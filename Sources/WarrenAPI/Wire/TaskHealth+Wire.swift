package import ClusterModel

extension TaskHealth {
  package init(wire: Warren_V1_TaskHealth) throws(WarrenError) {
    self.init(
      state: try State(wire: wire.state, default: .starting, field: "TaskHealth.state"), isReady: wire.ready, output: wire.output)
    lastLines = wire.lastLines
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_TaskHealth {
    var message = Warren_V1_TaskHealth()
    message.state = Warren_V1_HealthState(state)
    message.ready = isReady
    message.output = output
    message.lastLines = lastLines
    message.restore(unknown)
    return message
  }
}
