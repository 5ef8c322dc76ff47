import ClusterModel

/// `--mount type=bind,source=/a,target=/b[,readonly]`, `--mount type=tmpfs,target=/c[,size=64MiB]`, or short `/a:/b[:ro]`; and `--tmpfs /c[:size=64MiB]`.
enum MountText {
  private static let usage = "use type=bind,source=/HOST,target=/CONTAINER[,readonly] or type=tmpfs,target=/CONTAINER[,size=64MiB]"

  static func parse(_ text: String) throws -> Mount {
    if text.hasPrefix("/") { return try parseShort(text) }
    var fields: [String: String] = [:]
    for field in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try canonical(String(parts.first ?? ""), in: text)
      guard fields.updateValue(parts.count > 1 ? String(parts[1]) : "true", forKey: name) == nil else {
        throw ValueError("'\(name)' is given twice in mount '\(text)'")
      }
    }
    let kind: Mount.Kind
    switch fields["type"] ?? "bind" {
    case "bind": kind = .bind
    case "tmpfs": kind = .tmpfs
    case let other: throw ValueError("unknown mount type '\(other)' in '\(text)'; \(usage)")
    }
    let readOnly = try boolean(fields["readonly"] ?? "false", in: text)
    let size = try fields["size"].map { try ByteSize.parse($0) } ?? 0
    let mount = Mount(
      kind: kind, source: fields["source"] ?? "", target: try absolute(fields["target"], "target", in: text), readOnly: readOnly,
      tmpfsSizeBytes: UInt64(size))
    if kind == .bind {
      _ = try absolute(fields["source"], "source", in: text)
      if fields["size"] != nil { throw ValueError("mount '\(text)' is a bind mount, which has no size; leave 'size' out") }
    } else if fields["source"] != nil {
      throw ValueError("mount '\(text)' is a tmpfs, which has no source; leave 'source' out")
    }
    return mount
  }

  static func parseTmpfs(_ text: String) throws -> Mount {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let target = try absolute(parts.first.map(String.init), "path", in: text)
    var mount = Mount(kind: .tmpfs, target: target)
    for option in parts.count > 1 ? parts[1].split(separator: ",") : [] {
      if option == "ro" {
        mount.readOnly = true
      } else if option.hasPrefix("size=") {
        mount.tmpfsSizeBytes = UInt64(try ByteSize.parse(String(option.dropFirst(5))))
      } else {
        throw ValueError("unknown option '\(option)' in tmpfs '\(text)'; use /PATH[:size=64MiB][,ro]")
      }
    }
    return mount
  }

  private static func parseShort(_ text: String) throws -> Mount {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 || (parts.count == 3 && ["ro", "rw"].contains(parts[2])) else {
      throw ValueError("'\(text)' is not a mount; use /HOST:/CONTAINER[:ro], or \(usage)")
    }
    return Mount(
      kind: .bind, source: parts[0], target: try absolute(parts[1], "target", in: text), readOnly: parts.count == 3 && parts[2] == "ro")
  }

  private static func canonical(_ key: String, in text: String) throws -> String {
    switch key {
    case "type", "source", "target", "readonly", "size": return key
    case "src": return "source"
    case "dst", "destination": return "target"
    case "ro": return "readonly"
    case "tmpfs-size": return "size"
    default: throw ValueError("unknown field '\(key)' in mount '\(text)'; \(usage)")
    }
  }

  private static func absolute(_ path: String?, _ name: String, in text: String) throws -> String {
    guard let path, !path.isEmpty else { throw ValueError("mount '\(text)' has no \(name); \(usage)") }
    guard path.hasPrefix("/") else { throw ValueError("the \(name) '\(path)' of mount '\(text)' must be an absolute path") }
    return path
  }

  private static func boolean(_ value: String, in text: String) throws -> Bool {
    switch value {
    case "true", "1": return true
    case "false", "0": return false
    default: throw ValueError("'\(value)' in mount '\(text)' is neither true nor false")
    }
  }
}
