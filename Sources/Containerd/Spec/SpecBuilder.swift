import ClusterModel
import OCI

/// Makes the OCI runtime spec of a container: a pure function of the recipe, the image's user files and the node's facts.
///
/// Defaults follow Docker, except that gaining privileges through set-uid programs is off unless asked for.
struct SpecBuilder {
  var recipe: ContainerRecipe
  var facts: NodeFacts
  var users: ImageUsers
  /// The container's cgroup is `/<root>/<id>`.
  var cgroupRoot: String

  /// - Throws: `WarrenError` naming the field that cannot be met on this node or with this image.
  func build() throws(WarrenError) -> RuntimeSpec {
    let capabilities = try CapabilitySet.resolve(add: recipe.spec.capAdd, drop: recipe.spec.capDrop, available: facts.capabilities)
    var spec = RuntimeSpec(process: try process(capabilities: capabilities), root: .init(readonly: recipe.spec.readOnly))
    spec.hostname = recipe.hostname
    spec.mounts = try mounts()
    spec.linux.namespaces = namespaces
    spec.linux.cgroupsPath = "/\(cgroupRoot)/\(recipe.id)"
    spec.linux.seccomp = SeccompProfile.profile(architecture: facts.architecture, capabilities: capabilities)
    spec.linux.maskedPaths = Self.maskedPaths
    spec.linux.readonlyPaths = Self.readonlyPaths
    spec.linux.sysctl = kernelSettings
    let devices = try devices()
    spec.linux.devices = devices.isEmpty ? nil : devices.map(\.node)
    spec.linux.resources = resources(devices: devices)
    return spec
  }

  private func process(capabilities: [String]) throws(WarrenError) -> RuntimeSpec.Process {
    let resolved = try users.resolve(recipe.spec.user.isEmpty ? recipe.image.config.user : recipe.spec.user)
    var process = RuntimeSpec.Process(
      user: resolved.user, args: try arguments(), env: environment(home: resolved.home), cwd: workingDirectory,
      noNewPrivileges: !recipe.spec.allowNewPrivileges)
    process.capabilities = RuntimeSpec.Capabilities(capabilities)
    // Otherwise the container would inherit containerd's own, which systemd's unit sets to -999.
    process.oomScoreAdj = max(0, facts.minimumOOMScoreAdjust)
    process.rlimits = try resourceLimits()
    return process
  }

  private var workingDirectory: String {
    let chosen = recipe.spec.workingDirectory.isEmpty ? recipe.image.config.workingDirectory : recipe.spec.workingDirectory
    return chosen.isEmpty ? "/" : chosen
  }

  /// Docker's rules: an entrypoint given by hand drops the image's command; arguments replace the command alone.
  private func arguments() throws(WarrenError) -> [String] {
    let image = recipe.image.config
    let entrypoint = recipe.spec.entrypoint ?? image.entrypoint
    let command = recipe.spec.args.isEmpty && recipe.spec.entrypoint == nil ? image.command : recipe.spec.args
    let arguments = entrypoint + command
    guard !arguments.isEmpty else {
      throw WarrenError(
        .invalidArgument, "the image \(recipe.image.reference) names no program to run; give one after the image's name or with --entrypoint")
    }
    guard recipe.spec.initProcess else { return arguments }
    return [initPath, "--"] + arguments
  }

  /// The image's variables, then the service's: a later one of the same name replaces the value where the first one stood.
  private func environment(home: String?) -> [String] {
    var result = ["PATH=" + Self.defaultPath, "HOSTNAME=" + recipe.hostname].merged(with: recipe.image.config.env + recipe.spec.env)
    if !result.contains(where: { $0.hasPrefix("HOME=") }) { result.append("HOME=" + (home ?? "/")) }
    return result
  }

  private var namespaces: [RuntimeSpec.Namespace] {
    var result = [RuntimeSpec.Namespace(.pid), .init(.ipc), .init(.uts), .init(.mount)]
    if case .namespace(let path) = recipe.network { result.append(.init(.network, path: path)) }
    if facts.cgroupV2 { result.append(.init(.cgroup)) }
    return result
  }

  /// The container's ports are its own, so that no user of it needs a privilege to serve on 80 or to ping: as Docker does. With the node's
  /// network, they are the node's.
  private var kernelSettings: [String: String]? {
    guard case .namespace = recipe.network else { return nil }
    return ["net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"]
  }

  private static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  private static let maskedPaths = [
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
    "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
  ]

  private static let readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
}
