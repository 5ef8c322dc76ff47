import ClusterModel
import OCI

extension SpecBuilder {
  /// A device of the node that the container gets, and what it may do with it.
  struct GrantedDevice {
    var node: RuntimeSpec.Device
    var access: String
  }

  private static let cpuPeriod: Int64 = 100_000
  /// The kernel refuses less than 1 ms in a period.
  private static let minimumQuota: Int64 = 1000
  private static let defaultPidsLimit: Int64 = 4096
  private static let defaultOpenFiles: UInt64 = 1_048_576

  func resources(devices: [GrantedDevice]) -> RuntimeSpec.Resources {
    var result = RuntimeSpec.Resources()
    result.devices =
      Self.deviceRules
      + devices.map {
        .init(allow: true, type: $0.node.type, major: $0.node.major, minor: $0.node.minor, access: $0.access)
      }
    result.pids = .init(limit: recipe.pidsLimit > 0 ? Int64(recipe.pidsLimit) : Self.defaultPidsLimit)

    let limit = recipe.limits.memoryBytes > 0 ? recipe.limits.memoryBytes : nil
    let reservation = recipe.reservations.memoryBytes > 0 ? recipe.reservations.memoryBytes : nil
    if limit != nil || reservation != nil {
      // Without swap the limit ends in an out-of-memory kill that is reported, not in a machine that swaps itself to death.
      result.memory = .init(limit: limit, reservation: reservation, swap: facts.swapAccounting ? limit : nil)
    }

    var cpu = RuntimeSpec.CPU()
    if recipe.limits.nanoCPUs > 0 {
      cpu.quota = max(Self.minimumQuota, Self.scaled(recipe.limits.nanoCPUs, by: Self.cpuPeriod))
      cpu.period = UInt64(Self.cpuPeriod)
    }
    let weighted = recipe.reservations.nanoCPUs > 0 ? recipe.reservations.nanoCPUs : recipe.limits.nanoCPUs
    // The kernel's bounds for cpu.shares.
    if weighted > 0 { cpu.shares = UInt64(min(max(2, Self.scaled(weighted, by: 1024)), 262_144)) }
    if cpu != .init() { result.cpu = cpu }
    return result
  }

  private static func scaled(_ nanoCPUs: Int64, by factor: Int64) -> Int64 {
    let (product, overflow) = nanoCPUs.multipliedReportingOverflow(by: factor)
    return overflow ? .max : product / 1_000_000_000
  }

  /// The service's ulimits and a roomy number of open files, none above what containerd may set.
  func resourceLimits() throws(WarrenError) -> [RuntimeSpec.ResourceLimit] {
    var wanted = ["RLIMIT_NOFILE": (soft: Self.defaultOpenFiles, hard: Self.defaultOpenFiles)]
    for limit in recipe.spec.ulimits {
      let type = "RLIMIT_" + limit.name.uppercased()
      guard facts.hardLimits[type] != nil else {
        throw WarrenError(.invalidArgument, "unknown ulimit \(limit.name); setrlimit(2) lists them, such as nofile or nproc")
      }
      guard limit.soft <= limit.hard else {
        throw WarrenError(.invalidArgument, "ulimit \(limit.name): the soft limit \(limit.soft) is above the hard limit \(limit.hard); lower it")
      }
      wanted[type] = (limit.soft, limit.hard)
    }
    return wanted.sorted { $0.key < $1.key }.map { type, limit in
      let most = facts.hardLimits[type] ?? .max
      return .init(type: type, hard: min(limit.hard, most), soft: min(limit.soft, most))
    }
  }

  /// - Throws: `WarrenError(.invalidArgument)` for text that is not `HOST[:CONTAINER[:rwm]]`, or no device on this node.
  func devices() throws(WarrenError) -> [GrantedDevice] {
    var result: [GrantedDevice] = []
    for text in recipe.spec.devices {
      let mapping = try DeviceMapping(text)
      guard let found = facts.devices[mapping.host], !found.isEmpty else {
        throw WarrenError(.failedPrecondition, "there is no device \(mapping.host) on this node; check the path, or place the service elsewhere")
      }
      for var device in found {
        device.path = mapping.container + device.path.dropFirst(mapping.host.count)
        result.append(GrantedDevice(node: device, access: mapping.access))
      }
    }
    return result
  }

  private static let deviceRules: [RuntimeSpec.DeviceRule] =
    [.init(allow: false)]
    + [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2)].map { .init(allow: true, type: "c", major: $0, minor: $1) }
    + [.init(allow: true, type: "c", major: 136), .init(allow: true, type: "c", access: "m"), .init(allow: true, type: "b", access: "m")]
}
