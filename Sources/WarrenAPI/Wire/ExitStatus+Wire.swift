package import ClusterModel

extension ExitStatus {
  package init(wire: Warren_V1_ExitStatus) {
    self.init(code: wire.code, reason: wire.reason, at: wire.hasAt ? Timestamp(wire: wire.at) : .epoch)
    lastLines = wire.lastLines
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_ExitStatus {
    var message = Warren_V1_ExitStatus()
    message.code = code
    message.reason = reason
    message.lastLines = lastLines
    if at != .epoch { message.at = at.wire }
    message.restore(unknown)
    return message
  }
}
