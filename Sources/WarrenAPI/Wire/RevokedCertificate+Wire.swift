import ClusterModel

extension RevokedCertificate {
  init(wire: Warren_V1_RevokedCertificate) {
    self.init(serial: wire.serial, subject: wire.subject, expiresAt: wire.hasExpiresAt ? Timestamp(wire: wire.expiresAt) : .epoch)
    unknown = UnknownFields(of: wire)
  }

  var wire: Warren_V1_RevokedCertificate {
    var message = Warren_V1_RevokedCertificate()
    message.serial = serial
    message.subject = subject
    if expiresAt != .epoch { message.expiresAt = expiresAt.wire }
    message.restore(unknown)
    return message
  }
}
