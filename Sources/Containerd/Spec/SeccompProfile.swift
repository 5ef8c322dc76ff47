import OCI

/// The system calls a container may make. Everything else fails with EPERM.
///
/// Docker's default profile, https://docs.docker.com/engine/security/seccomp: calls that only matter with a capability are allowed when
/// the container has it.
enum SeccompProfile {
  private typealias Rule = RuntimeSpec.Seccomp.Rule
  private typealias Argument = RuntimeSpec.Seccomp.Argument

  private static let noSuchSystemCall: UInt32 = 38
  private static let addressFamilyALG: UInt64 = 38
  private static let addressFamilyVsock: UInt64 = 40
  /// CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET.
  private static let cloneNamespaceFlags: UInt64 = 0x7e02_0000
  /// Linux, and with short or unfixed addresses; 0xffffffff asks which one is set.
  private static let personalities: [UInt64] = [0x0, 0x8, 0x20000, 0x20008, 0xffff_ffff]

  /// - Parameters:
  ///   - architecture: as in image platforms: `amd64`, `arm64`….
  ///   - capabilities: the container's bounding set.
  static func profile(architecture: String, capabilities: [String]) -> RuntimeSpec.Seccomp {
    var rules = [Rule(.allow, allowed + ["ptrace"])]
    rules += personalities.map { Rule(.allow, ["personality"], args: [Argument(0, .equal, $0)]) }
    rules += socketRules
    if let extra = byArchitecture[architecture] { rules.append(Rule(.allow, extra)) }
    rules += capabilities.compactMap { name in byCapability[name].map { Rule(.allow, $0) } }
    if !capabilities.contains("CAP_SYS_ADMIN") {
      rules.append(Rule(.allow, ["clone"], args: [Argument(0, .maskedEqual, cloneNamespaceFlags, valueTwo: 0)]))
      // Its flags are behind a pointer; ENOSYS makes libc fall back to clone.
      rules.append(Rule(.errno, ["clone3"], errnoRet: noSuchSystemCall))
    }
    return RuntimeSpec.Seccomp(defaultAction: .errno, architectures: filterArchitectures[architecture] ?? [], syscalls: rules)
  }

  /// Every family but AF_ALG (the kernel's crypto, often attacked) and AF_VSOCK (reaches the hypervisor). One rule cannot compare
  /// the same argument twice, so the ranges around them are listed.
  private static let socketRules = [
    Rule(.allow, ["socket"], args: [Argument(0, .less, addressFamilyALG)]),
    Rule(.allow, ["socket"], args: [Argument(0, .equal, addressFamilyALG + 1)]),
    Rule(.allow, ["socket"], args: [Argument(0, .greater, addressFamilyVsock)]),
  ]

  private static let filterArchitectures = [
    // Not x32, which hardly a kernel still lets anybody use: each architecture makes the filter longer, and a container starts later.
    "amd64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "arm64": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
    "arm": ["SCMP_ARCH_ARM"],
    "riscv64": ["SCMP_ARCH_RISCV64"],
  ]

  private static let armCalls = ["arm_fadvise64_64", "arm_sync_file_range", "breakpoint", "cacheflush", "set_tls", "sync_file_range2"]

  private static let byArchitecture = [
    "amd64": ["arch_prctl", "modify_ldt"],
    "arm64": armCalls,
    "arm": armCalls,
    "riscv64": ["riscv_flush_icache"],
  ]

  private static let byCapability = [
    "CAP_DAC_READ_SEARCH": ["open_by_handle_at"],
    "CAP_SYS_ADMIN": [
      "bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount", "mount_setattr",
      "move_mount", "name_to_handle_at", "open_tree", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname", "setns",
      "syslog", "umount", "umount2", "unshare",
    ],
    "CAP_SYS_BOOT": ["reboot"],
    "CAP_SYS_CHROOT": ["chroot"],
    "CAP_SYS_MODULE": ["delete_module", "finit_module", "init_module"],
    "CAP_SYS_PACCT": ["acct"],
    "CAP_SYS_PTRACE": ["kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev"],
    "CAP_SYS_RAWIO": ["ioperm", "iopl"],
    "CAP_SYS_TIME": ["clock_settime", "clock_settime64", "settimeofday", "stime"],
    "CAP_SYS_TTY_CONFIG": ["vhangup"],
    "CAP_SYS_NICE": ["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"],
    "CAP_SYSLOG": ["syslog"],
    "CAP_BPF": ["bpf"],
    "CAP_PERFMON": ["perf_event_open"],
  ]
}
