/// Decides what the facts about a machine mean for running Warren on it.
enum DoctorRules {
  static func checks(_ facts: DoctorFacts) -> [DoctorCheck] {
    [
      root(facts), trial("overlayfs", facts.overlay, fix: "load it with 'modprobe overlay', or use a kernel that has it"),
      namespaces(facts), trial("bridge and veth", facts.links, fix: "load them with 'modprobe bridge veth', or use a kernel that has them"),
      trial("nftables", facts.packetRules, fix: "install nftables, and use a kernel with nf_tables, NAT and numgen"), seccomp(facts), cgroups(facts),
      containerd(facts), runtime(facts), plugins(facts), tools(facts), forwarding(facts), firewall(facts),
      subnet(facts), names(facts),
    ] + facts.ports.map(port) + [disk(facts), clock(facts)]
  }

  private static func trial(_ name: String, _ trial: DoctorFacts.Trial, fix: String) -> DoctorCheck {
    switch trial {
    case .works(let words): .ok(name, words.isEmpty ? "works" : words)
    case .fails(let words): .failure(name, words, fix: fix)
    case .untried(let words): .warning(name, "not tried: \(words)", fix: "run 'warren doctor' as root")
    }
  }

  private static func root(_ facts: DoctorFacts) -> DoctorCheck {
    facts.isRoot
      ? .ok("root", "runs as root") : .failure("root", "does not run as root", fix: "run warren as root, for example with sudo or its systemd unit")
  }

  private static func namespaces(_ facts: DoctorFacts) -> DoctorCheck {
    let missing = ["ipc", "mnt", "net", "pid", "uts"].filter { !facts.namespaces.contains($0) }
    guard missing.isEmpty else {
      return .failure("namespaces", "the kernel (\(facts.kernel)) lacks: \(missing.joined(separator: ", "))", fix: "use a kernel that has them")
    }
    return .ok("namespaces", "kernel \(facts.kernel)")
  }

  private static func seccomp(_ facts: DoctorFacts) -> DoctorCheck {
    facts.hasSeccomp
      ? .ok("seccomp", "available")
      : .failure("seccomp", "the kernel has no seccomp filters, which containers are run with", fix: "use a kernel with CONFIG_SECCOMP_FILTER")
  }

  private static func cgroups(_ facts: DoctorFacts) -> DoctorCheck {
    let cgroups = facts.cgroups
    guard cgroups.version > 0 else {
      return .failure("cgroups", "none are mounted on /sys/fs/cgroup", fix: "mount them; systemd does so at boot")
    }
    let missing = ["cpu", "memory", "pids"].filter { !cgroups.controllers.contains($0) }
    if missing.contains("memory") {
      return .failure(
        "cgroups", "v\(cgroups.version) without: \(missing.joined(separator: ", "))",
        fix: "add 'cgroup_enable=memory' to the kernel's command line (Raspberry Pi: /boot/firmware/cmdline.txt) and boot again")
    }
    guard missing.isEmpty else {
      return .failure("cgroups", "v\(cgroups.version) without: \(missing.joined(separator: ", "))", fix: "use a kernel that has these controllers")
    }
    return .ok("cgroups", "v\(cgroups.version)\(cgroups.isHybrid ? " (hybrid)" : "") with cpu, memory, pids")
  }

  private static func containerd(_ facts: DoctorFacts) -> DoctorCheck {
    let containerd = facts.containerd
    switch containerd.answer {
    case .works(let version):
      guard isAtLeast(1, 6, version) else {
        return .failure("containerd", "\(containerd.socket) answers: \(version)", fix: "install containerd 1.6 or newer")
      }
      return .ok("containerd", "\(version) on \(containerd.socket)")
    case .fails(let words), .untried(let words):
      guard let binary = containerd.binary else {
        return .failure("containerd", "not installed, and \(containerd.socket): \(words)", fix: "apt-get install containerd")
      }
      return .warning(
        "containerd", "\(containerd.socket): \(words); \(binary) is installed",
        fix: "start it with 'systemctl start containerd', or let warren start one of its own")
    }
  }

  /// Versions look like `1.6.20~ds1` and `v2.1.4`. One that cannot be read is taken as new.
  static func isAtLeast(_ major: Int, _ minor: Int, _ version: String) -> Bool {
    let numbers = version.drop { !$0.isNumber }.split(separator: ".").prefix(2).compactMap { Int($0.prefix { $0.isNumber }) }
    guard numbers.count == 2 else { return true }
    return (numbers[0], numbers[1]) >= (major, minor)
  }

  private static func runtime(_ facts: DoctorFacts) -> DoctorCheck {
    guard facts.runtimes.contains("runc") else {
      guard facts.runtimes.contains("crun") else { return .failure("runtime", "neither runc nor crun is installed", fix: "apt-get install runc") }
      return facts.cgroups.isHybrid
        ? .failure("runtime", "only crun is installed, which does not work with hybrid cgroups", fix: "apt-get install runc")
        : .ok("runtime", "crun")
    }
    return .ok("runtime", facts.runtimes.joined(separator: ", "))
  }

  private static func plugins(_ facts: DoctorFacts) -> DoctorCheck {
    let missing = ["bridge", "host-local"].filter { !facts.plugins.contains($0) }
    let folders = facts.pluginPaths.joined(separator: ", ")
    guard missing.isEmpty else {
      return .failure(
        "CNI plugins", "missing in \(folders): \(missing.joined(separator: ", "))",
        fix: "apt-get install containernetworking-plugins, or name their folder with --cni-path")
    }
    return .ok("CNI plugins", "bridge, host-local in \(folders)")
  }

  private static func tools(_ facts: DoctorFacts) -> DoctorCheck {
    let packages = ["ip": "iproute2", "nft": "nftables"]
    let missing = packages.keys.filter { !facts.tools.contains($0) }.sorted()
    guard missing.isEmpty else {
      return .failure(
        "programs", "not installed: \(missing.joined(separator: ", "))",
        fix: "apt-get install \(missing.compactMap { packages[$0] }.joined(separator: " "))")
    }
    guard facts.tools.contains("conntrack") else {
      return .warning(
        "programs", "not installed: conntrack; clients of published UDP ports may stay with a container that is gone",
        fix: "apt-get install conntrack")
    }
    return .ok("programs", facts.tools.sorted().joined(separator: ", "))
  }
}
