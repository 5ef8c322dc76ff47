package import ClusterModel

extension Meta {
  package init(wire: Warren_V1_Meta) {
    self.init(
      version: wire.version, createdAt: wire.hasCreatedAt ? Timestamp(wire: wire.createdAt) : .epoch,
      updatedAt: wire.hasUpdatedAt ? Timestamp(wire: wire.updatedAt) : .epoch)
  }

  package var wire: Warren_V1_Meta {
    var message = Warren_V1_Meta()
    message.version = version
    if createdAt != .epoch { message.createdAt = createdAt.wire }
    if updatedAt != .epoch { message.updatedAt = updatedAt.wire }
    return message
  }
}
