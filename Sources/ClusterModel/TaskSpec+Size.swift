extension TaskSpec {
  /// All texts together: close to the encoded size of a large spec, for keeping proposals and messages within their bounds.
  package var approximateBytes: Int {
    var size = unknown.bytes.count + container.unknown.bytes.count + container.image.utf8.count + container.user.utf8.count
    size += container.workingDirectory.utf8.count + container.hostname.utf8.count + container.stopSignal.utf8.count
    let lists = [
      container.entrypoint ?? [], container.args, container.env, container.capAdd, container.capDrop, container.devices, placement.constraints,
    ]
    for list in lists { size += list.reduce(0) { $0 + $1.utf8.count + 2 } }
    size += container.labels.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 6 }
    size += container.mounts.reduce(0) { $0 + $1.source.utf8.count + $1.target.utf8.count + 16 }
    size += container.ulimits.reduce(0) { $0 + $1.name.utf8.count + 24 }
    return size + ports.reduce(0) { $0 + $1.hostIP.utf8.count + 12 }
  }
}
