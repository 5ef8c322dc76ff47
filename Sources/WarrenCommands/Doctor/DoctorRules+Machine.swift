import ClusterModel

extension DoctorRules {
  /// Less than this and images cannot be unpacked, nor the log compacted.
  private static let leastFree: Int64 = 256 << 20
  private static let comfortablyFree: Int64 = 2 << 30
  /// 2026-01-01: no clock that is right shows less to this program.
  private static let earliest: Int64 = 1_767_225_600

  static func port(_ port: DoctorFacts.Port) -> DoctorCheck {
    let name = "port \(port.number)"
    guard let holder = port.holder else { return .ok(name, "free (\(port.use))") }
    // The daemon that runs already has its own ports.
    if holder.hasPrefix("warren ") { return .ok(name, "used by \(holder) (\(port.use))") }
    return .warning(name, "used by \(holder) (\(port.use))", fix: "stop that program, or choose another address with --metrics-addr")
  }

  static func disk(_ facts: DoctorFacts) -> DoctorCheck {
    guard let disk = facts.disk else {
      return .failure("disk", "the data directory's file system cannot be read", fix: "check the path given with --data-dir")
    }
    let free = "\(ByteCount.text(disk.freeBytes)) free at \(disk.path)"
    if disk.isReadOnly { return .failure("disk", "\(disk.path) is read-only", fix: "mount it writable, or choose another with --data-dir") }
    if disk.freeBytes < leastFree { return .failure("disk", free, fix: "free some space; 'warren image prune' removes unused images") }
    if let files = disk.freeFiles, files < 10_000 {
      return .failure("disk", "only \(files) more files fit at \(disk.path)", fix: "remove files; 'warren image prune' removes unused images")
    }
    if disk.freeBytes < comfortablyFree { return .warning("disk", free, fix: "2 GiB or more leaves room for images and logs") }
    return .ok("disk", free)
  }

  static func clock(_ facts: DoctorFacts) -> DoctorCheck {
    guard facts.clock.now >= earliest else {
      return .failure("time", "the clock is wrong: it shows a time before 2026", fix: "set it, then keep it right with chrony or systemd-timesyncd")
    }
    switch facts.clock.isSynchronised {
    case true?: return .ok("time", "synchronised")
    case false?:
      return .warning("time", "the clock is not synchronised", fix: "apt-get install chrony (or systemd-timesyncd); certificates depend on the time")
    case nil:
      return .warning("time", "the kernel does not say whether the clock is synchronised", fix: "check with 'timedatectl' or 'chronyc tracking'")
    }
  }
}
