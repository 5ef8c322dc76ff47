import ClusterModel
import OCI

extension SpecBuilder {
  /// On the container's own `/dev`, so that nothing of it stays in the image's files; in the root of the container when `/dev` is the
  /// node's, or a folder of it.
  var initPath: String { recipe.spec.mounts.contains { $0.kind == .bind && Self.isInside("/dev/init", $0.target) } ? "/.warren-init" : "/dev/init" }

  /// Parents before children, so that a mount never hides an earlier one. A user's mount wins over one of ours at the same place, and a
  /// folder of the node's over all of ours inside, which would otherwise make files in it.
  func mounts() throws(WarrenError) -> [RuntimeSpec.Mount] {
    let given = recipe.spec.mounts
    var ours = Self.kernelMounts
    let files = [("/etc/hosts", recipe.hostsFile), ("/etc/hostname", recipe.hostnameFile), ("/etc/resolv.conf", recipe.resolvConfFile)]
    for case (let target, let source?) in files { ours.append(Self.bind(source, target, readOnly: recipe.spec.readOnly)) }
    if recipe.spec.initProcess { ours.append(try initMount()) }
    ours.removeAll { mount in
      given.contains { Self.parts($0.target) == Self.parts(mount.destination) || $0.kind == .bind && Self.isInside(mount.destination, $0.target) }
    }
    let all = ours + (try given.map(Self.userMount))
    // Stable: ours first where depths are equal.
    return all.enumerated().sorted { (Self.parts($0.element.destination).count, $0.offset) < (Self.parts($1.element.destination).count, $1.offset) }
      .map(\.element)
  }

  private func initMount() throws(WarrenError) -> RuntimeSpec.Mount {
    guard let program = facts.initProgram else {
      throw WarrenError(
        .failedPrecondition, "--init needs a static init program and this node has none; install one, on Debian: apt-get install tini")
    }
    return .init(initPath, type: "bind", source: program, options: ["bind", "rprivate", "ro", "nosuid", "nodev"])
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

  /// Whether a path is the folder, or below it.
  private static func isInside(_ path: String, _ folder: String) -> Bool { parts(path).starts(with: parts(folder)) }

  private static func parts(_ path: String) -> [Substring] { path.split(separator: "/").filter { $0 != "." } }

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
