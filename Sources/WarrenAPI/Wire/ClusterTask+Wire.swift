package import ClusterModel

extension ClusterTask {
  package init(wire: Warren_V1_Task) throws(WarrenError) {
    self.init(
      id: TaskID(wire.id), serviceID: ServiceID(wire.serviceID), serviceName: wire.serviceName, slot: Int(wire.slot), revision: wire.revision,
      spec: try TaskSpec(wire: wire.spec))
    meta = Meta(wire: wire.meta)
    nodeID = wire.nodeID.isEmpty ? nil : NodeID(wire.nodeID)
    desiredState = try DesiredState(wire: wire.desiredState, default: .running, field: "Task.desired_state")
    status = try TaskStatus(wire: wire.status)
    if wire.hasProvenAt { provenAt = Timestamp(wire: wire.provenAt) }
    if wire.hasRunningSince { runningSince = Timestamp(wire: wire.runningSince) }
    isStandby = wire.standby
    if wire.hasRetiredAt { retiredAt = Timestamp(wire: wire.retiredAt) }
    supersededBy = wire.supersededBy
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Task {
    var message = Warren_V1_Task()
    message.id = id.rawValue
    message.meta = meta.wire
    message.serviceID = serviceID.rawValue
    message.serviceName = serviceName
    message.slot = UInt32(clamping: slot)
    message.nodeID = nodeID?.rawValue ?? ""
    message.revision = revision
    message.spec = spec.wire
    message.desiredState = Warren_V1_DesiredState(desiredState)
    message.status = status.wire
    if let provenAt { message.provenAt = provenAt.wire }
    if let runningSince { message.runningSince = runningSince.wire }
    message.standby = isStandby
    if let retiredAt { message.retiredAt = retiredAt.wire }
    message.supersededBy = supersededBy
    message.restore(unknown)
    return message
  }
}
