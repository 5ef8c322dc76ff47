import ClusterModel
import OCI

extension SpecBuilder {
  /// On the container's own `/dev`, so that nothing of it stays in the image's files.
  static let initPath = "/dev/init"

  /// Parents before children, so that a mount never hides an earlier one.
  func mounts() throws(WarrenError) -> [RuntimeSpec.Mount] {
    var result = Self.kernelMounts
    if recipe.spec.initProcess {
      guard let program = facts.initProgram else {
        throw WarrenError(
          .failedPrecondition, "--init needs a static init program and this node has none; install one, on Debian: apt-get install tini")
      }
      result.append(.init(Self.initPath, type: "bind", source: program, options: ["bind", "rprivate", "ro", "nosuid", "nodev"]))
    }
    let files = [("/etc/hosts", recipe.hostsFile), ("/etc/hostname", recipe.hostnameFile), ("/etc/resolv.conf", recipe.resolvConfFile)]
    for case (let target, let source?) in files where !recipe.spec.mounts.contains(where: { $0.target == target }) {
      result.append(Self.bind(source, target, readOnly: recipe.spec.readOnly))
    }
    for mount in recipe.spec.mounts.sorted(by: { Self.depth($0.target) < Self.depth($1.target) }) {
      result.removeAll { $0.destination == mount.target }
      result.append(try Self.userMount(mount))
    }
    return result
  }

  private static func userMount(_ mount: ClusterModel.Mount) throws(WarrenError) -> RuntimeSpec.Mount {
    guard mount.target.hasPrefix("/"), mount.target != "/" else {
      throw WarrenError(.invalidArgument, "cannot mount over \(mount.target): the target must be an absolute path below /")
    }
    switch mount.kind {
    case .bind: return bind(mount.source, mount.target, readOnly: mount.readOnly)
    case .tmpfs:
      var options = ["noexec", "nosuid", "nodev", "mode=1777", mount.readOnly ? "ro" : "rw"]
      if mount.tmpfsSizeBytes > 0 { options.append("size=\(mount.tmpfsSizeBytes)") }
      return .init(mount.target, type: "tmpfs", source: "tmpfs", options: options)
    }
  }

  private static func bind(_ source: String, _ target: String, readOnly: Bool) -> RuntimeSpec.Mount {
    .init(target, type: "bind", source: source, options: ["rbind", "rprivate", readOnly ? "ro" : "rw"])
  }

  private static func depth(_ path: String) -> Int { path.split(separator: "/").count }

  /// `/run` is left to the image, as Docker does: programs keep folders there that a tmpfs would hide.
  private static let kernelMounts: [RuntimeSpec.Mount] = [
    .init("/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
    .init("/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    .init(
      "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
    .init("/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
    .init("/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]),
    .init("/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]),
    // Programs read their own limits there (JVM, Go, Node).
    .init("/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "noexec", "nodev"]),
  ]
}
