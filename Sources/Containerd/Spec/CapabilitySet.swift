import ClusterModel

/// Linux capabilities by name. https://man7.org/linux/man-pages/man7/capabilities.7.html
enum CapabilitySet {
  /// By number, from 0.
  static let all = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
    "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
  ]

  /// What Docker and containerd give a container.
  static let defaults: Set<String> = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP",
    "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
  ]

  /// The defaults with `add` and without `drop`, by number. `ALL` in `drop` starts from nothing, so that `add` still counts.
  ///
  /// - Parameter available: what this node's daemon has; `ALL` in `add` means these.
  /// - Throws: `WarrenError(.invalidArgument)` for an unknown name.
  static func resolve(add: [String], drop: [String], available: Set<String>) throws(WarrenError) -> [String] {
    let added = try normalize(add)
    let dropped = try normalize(drop)
    var result = dropped.contains("ALL") ? [] : defaults.intersection(available)
    if added.contains("ALL") { result.formUnion(available) }
    result.formUnion(added)
    result.subtract(dropped.subtracting(dropped.contains("ALL") ? added : []))
    return all.filter(result.contains)
  }

  private static func normalize(_ names: [String]) throws(WarrenError) -> Set<String> {
    var result: Set<String> = []
    for name in names {
      let upper = name.uppercased()
      let full = upper == "ALL" || upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
      guard full == "ALL" || all.contains(full) else {
        throw WarrenError(.invalidArgument, "unknown capability \(name); see capabilities(7) for the names")
      }
      result.insert(full)
    }
    return result
  }

  /// The names of the bits in a mask such as `CapBnd` of `/proc/<pid>/status`.
  static func names(inMask mask: UInt64) -> Set<String> {
    Set(all.indices.filter { mask >> UInt64($0) & 1 == 1 }.map { all[$0] })
  }
}
