package import ClusterModel

extension JoinToken {
  package init(wire: Warren_V1_JoinToken) throws(WarrenError) {
    self.init(
      id: Identifier(wire.secretHash), role: try ClusterNode.Role(wire: wire.role, default: nil, field: "JoinToken.role"),
      expiresAt: wire.hasExpiresAt ? Timestamp(wire: wire.expiresAt) : .epoch)
    meta = Meta(wire: wire.meta)
    if wire.hasRotatedAt { rotatedAt = Timestamp(wire: wire.rotatedAt) }
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_JoinToken {
    var message = Warren_V1_JoinToken()
    message.secretHash = id.rawValue
    message.meta = meta.wire
    message.role = Warren_V1_Role(role)
    if expiresAt != .epoch { message.expiresAt = expiresAt.wire }
    if let rotatedAt { message.rotatedAt = rotatedAt.wire }
    message.restore(unknown)
    return message
  }
}
