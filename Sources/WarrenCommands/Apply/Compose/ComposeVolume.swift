import ClusterModel

/// `volumes` and `tmpfs`, as far as they are folders of the node and memory.
enum ComposeVolume {
  private static let hint = "mount a folder of the node, /HOST:/CONTAINER, or memory with tmpfs"

  /// - Returns: nil when it has no counterpart.
  static func read(_ value: DocumentValue, _ reading: ComposeReading) throws -> Mount? {
    value.isMapping ? try long(value, reading) : try short(value, reading)
  }

  static func tmpfs(_ value: DocumentValue, _ reading: ComposeReading) throws -> Mount {
    let text = try value.text()
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var known: [Substring] = []
    for option in parts.count > 1 ? parts[1].split(separator: ",") : [] where option != "rw" {
      if option == "ro" || option.hasPrefix("size=") {
        known.append(option)
      } else {
        reading.leaveOut(value.place, "\(value.name): \(option)")
      }
    }
    let plain = (parts.first.map(String.init) ?? "") + (known.isEmpty ? "" : ":" + known.joined(separator: ","))
    do { return try MountText.parseTmpfs(plain) } catch { throw value.error("\(error)") }
  }

  private static func short(_ value: DocumentValue, _ reading: ComposeReading) throws -> Mount? {
    let text = try value.text()
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2, parts.count <= 3, isOfNode(parts[0]) else {
      try reading.leaveOut(value, hint(for: parts[0]))
      return nil
    }
    for option in parts.count == 3 ? parts[2].split(separator: ",") : [] where option != "ro" && option != "rw" {
      reading.leaveOut(value.place, "\(value.name): \(option)")
    }
    let isReadOnly = parts.count == 3 && parts[2].split(separator: ",").contains("ro")
    do { return try MountText.parse("\(parts[0]):\(parts[1])" + (isReadOnly ? ":ro" : "")) } catch { throw value.error("\(error)") }
  }

  private static func long(_ value: DocumentValue, _ reading: ComposeReading) throws -> Mount? {
    var mount = Mount(kind: .bind, target: "")
    var type = ""
    for field in try value.entries() where !field.key.hasPrefix("x-") && !field.value.isNull {
      switch field.key {
      case "type": type = try field.value.choice(["bind", "tmpfs", "volume", "npipe", "cluster", "image"].map { ($0, $0) })
      case "source": mount.source = try field.value.text()
      case "target": mount.target = try field.value.text()
      case "read_only": mount.readOnly = try field.value.flag()
      case "tmpfs":
        for option in try field.value.entries() {
          if option.key == "size" {
            mount.tmpfsSizeBytes = UInt64(try option.value.text(ByteSize.parse))
          } else {
            reading.leaveOut(option)
          }
        }
      // Made by hand, a folder of the node is more than a mistyped path.
      case "bind": for option in try field.value.entries() { reading.leaveOut(option) }
      case "volume", "consistency", "image": reading.leaveOut(field)
      default: throw DocumentError.unknown(field, ["type", "source", "target", "read_only", "tmpfs", "bind", "volume", "consistency"])
      }
    }
    switch type {
    case "tmpfs": mount.kind = .tmpfs
    case "bind" where isOfNode(mount.source): break
    default:
      reading.leaveOut(value.place, "\(value.name): \(type.isEmpty ? "" : "\(type) ")\(mount.source)", hint(for: mount.source))
      return nil
    }
    return mount
  }

  private static func isOfNode(_ source: String) -> Bool { source.hasPrefix("/") }

  private static func hint(for source: String) -> String {
    let isRelative = source.hasPrefix(".") || source.hasPrefix("~")
    return isRelative ? "that is a path on this machine; name the path on the nodes, beginning with /" : hint
  }
}
