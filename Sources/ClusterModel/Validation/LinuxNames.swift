/// Names the Linux kernel gives to capabilities, resource limits and signals.
package enum LinuxNames {
  /// capabilities(7), without `CAP_`.
  package static let capabilities: Set<String> = [
    "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH",
    "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN",
    "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT",
    "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM",
  ]

  /// setrlimit(2), lower case and without `RLIMIT_`.
  package static let ulimits: Set<String> = [
    "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
  ]

  /// signal(7), without `SIG`.
  private static let signals: Set<String> = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV",
    "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
  ]

  /// With or without `CAP_`, in any case; `ALL` stands for every one.
  package static func isCapability(_ name: String) -> Bool {
    let upper = name.uppercased()
    return upper == "ALL" || capabilities.contains(upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper)
  }

  /// A name with or without `SIG`, in any case; `SIGRTMIN+3`, `SIGRTMAX-1`; or a number.
  package static func isSignal(_ name: String) -> Bool {
    if let number = Int(name) { return (1...64).contains(number) }
    let upper = name.uppercased()
    let short = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
    if signals.contains(short) { return true }
    for base in ["RTMIN+", "RTMAX-"] where short.hasPrefix(base) { return Int(short.dropFirst(base.count)).map { (0...30).contains($0) } ?? false }
    return false
  }
}
