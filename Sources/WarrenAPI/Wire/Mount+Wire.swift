package import ClusterModel

extension Mount {
  package init(wire: Warren_V1_Mount) throws(WarrenError) {
    self.init(
      kind: try Kind(wire: wire.kind, default: nil, field: "Mount.kind"), source: wire.source, target: wire.target, readOnly: wire.readOnly,
      tmpfsSizeBytes: wire.tmpfsSizeBytes)
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Mount {
    var message = Warren_V1_Mount()
    message.kind = Warren_V1_MountKind(kind)
    message.source = source
    message.target = target
    message.readOnly = readOnly
    message.tmpfsSizeBytes = tmpfsSizeBytes
    message.restore(unknown)
    return message
  }
}
