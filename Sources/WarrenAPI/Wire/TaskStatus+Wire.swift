package import ClusterModel

extension TaskStatus {
  package init(wire: Warren_V1_TaskStatus) throws(WarrenError) {
    self.init(
      state: try TaskState(wire: wire.state, default: .pending, field: "TaskStatus.state"), attempt: Int(wire.attempt), message: wire.message,
      since: wire.hasSince ? Timestamp(wire: wire.since) : .epoch)
    containerID = wire.containerID
    pid = Int(wire.pid)
    address = wire.address
    lastExit = wire.hasLastExit ? ExitStatus(wire: wire.lastExit) : nil
    nextAttemptAt = wire.hasNextAttemptAt ? Timestamp(wire: wire.nextAttemptAt) : nil
    if wire.hasHealth { health = try TaskHealth(wire: wire.health) }
    if wire.hasImageCheck { imageCheck = try HealthCheck(wire: wire.imageCheck) }
    isStandby = wire.standby
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_TaskStatus {
    var status = Warren_V1_TaskStatus()
    status.attempt = UInt32(clamping: attempt)
    status.state = Warren_V1_TaskState(state)
    status.message = message
    if since != .epoch { status.since = since.wire }
    status.containerID = containerID
    status.pid = UInt32(clamping: pid)
    status.address = address
    if let lastExit { status.lastExit = lastExit.wire }
    if let nextAttemptAt { status.nextAttemptAt = nextAttemptAt.wire }
    if let health { status.health = health.wire }
    if let imageCheck { status.imageCheck = imageCheck.wire }
    status.standby = isStandby
    status.restore(unknown)
    return status
  }
}

extension TaskStatusUpdate {
  package init(wire: Warren_V1_TaskStatusUpdate) throws(WarrenError) {
    self.init(taskID: TaskID(wire.taskID), status: try TaskStatus(wire: wire.status))
  }

  package var wire: Warren_V1_TaskStatusUpdate {
    var message = Warren_V1_TaskStatusUpdate()
    message.taskID = taskID.rawValue
    message.status = status.wire
    return message
  }
}
