package import ClusterModel

extension NodeImage {
  package init(wire: Warren_V1_Image) {
    self.init(
      reference: wire.reference, digest: wire.digest, sizeBytes: wire.sizeBytes,
      createdAt: wire.hasCreatedAt ? Timestamp(wire: wire.createdAt) : .epoch, inUse: wire.inUse)
  }

  /// - Parameter node: where the image is.
  package func wire(on node: NodeID) -> Warren_V1_Image {
    var message = Warren_V1_Image()
    message.reference = reference
    message.digest = digest
    message.sizeBytes = sizeBytes
    if createdAt != .epoch { message.createdAt = createdAt.wire }
    message.nodeID = node.rawValue
    message.inUse = inUse
    return message
  }
}

extension PullProgress {
  package init(wire: Warren_V1_PullImageProgress) {
    self.init(
      message: wire.message, doneBytes: wire.doneBytes, totalBytes: wire.totalBytes, image: wire.hasImage ? NodeImage(wire: wire.image) : nil)
  }

  package func wire(on node: NodeID) -> Warren_V1_PullImageProgress {
    var progress = Warren_V1_PullImageProgress()
    progress.message = message
    progress.doneBytes = doneBytes
    progress.totalBytes = totalBytes
    if let image { progress.image = image.wire(on: node) }
    return progress
  }
}
