import CLinux
import ClusterModel
import Containerd
import Foundation
import HostNetwork
import Logging

/// Looks at this machine. It changes nothing: what has to be tried out is tried in namespaces that end with the trial.
struct DoctorProbe: Sendable {
  var dataDirectory: String
  var containerdSocket: String
  var pluginPaths: [String]
  var network: NetworkConfiguration
  /// Addresses the daemon will listen on, with what for.
  var ports: [(port: PublishedPort, use: String)]

  func facts() async -> DoctorFacts {
    let isRoot = geteuid() == 0
    async let overlay = trial(isRoot, "unshare", ["-m", "sh", "-c", Self.overlayScript])
    async let links = trial(isRoot, "unshare", ["-n", "sh", "-c", Self.linkScript])
    async let rules = trial(isRoot, "nft", ["-c", "-f", "-"], input: network.sampleRules)
    async let containerd = containerd()
    async let filters = isRoot ? ForwardFilter.find(for: network) : nil
    let runtimes = ["runc", "crun"].filter { Self.program($0) != nil }
    let tools = ["ip", "nft", "iptables", "conntrack"].filter { Self.program($0) != nil }
    let plugins = ["bridge", "host-local"].filter { name in pluginPaths.contains { access("\($0)/\(name)", X_OK) == 0 } }
    return DoctorFacts(
      isRoot: isRoot, kernel: Self.text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines), overlay: await overlay,
      links: await links, packetRules: await rules, namespaces: Set((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/ns")) ?? []),
      hasSeccomp: Self.text("/proc/sys/kernel/seccomp/actions_avail").contains("errno"), cgroups: Self.cgroups(), containerd: await containerd,
      runtimes: runtimes, pluginPaths: pluginPaths, plugins: Set(plugins), tools: Set(tools),
      forwards: Self.text("/proc/sys/net/ipv4/ip_forward").hasPrefix("1"),
      hasBridge: access("/sys/class/net/\(network.bridge)", F_OK) == 0, subnetProblem: subnetProblem(),
      sharesSubnetWithPodman: Self.program("podman") != nil && network.subnet.overlaps(Self.podmanSubnet), forwardFilters: await filters,
      bridge: network.bridge, hasNameServer: ResolverConfiguration.hasNameServer(HostFiles.resolver(chosen: network.nameServers)),
      ports: ports.map { DoctorFacts.Port(number: $0.port.hostPort, use: $0.use, holder: HostPorts.holder(of: $0.port)) }, disk: disk(),
      clock: Self.clock())
  }

  private static let podmanSubnet = IPv4Subnet(address: 10 << 24 | 88 << 16, prefixLength: 16)
  private static let overlayScript =
    "mount -t tmpfs none /tmp && cd /tmp && mkdir a b c d && mount -t overlay none -o lowerdir=a,upperdir=b,workdir=c d"
  private static let linkScript = "ip link add warren0 type bridge && ip link add veth0 type veth peer name veth1 && ip link set veth0 master warren0"

  private func trial(_ isRoot: Bool, _ program: String, _ arguments: [String], input: String = "") async -> DoctorFacts.Trial {
    guard isRoot else { return .untried("needs root") }
    guard Self.program(program) != nil else { return .fails("the program \(program) is not installed") }
    do {
      let output = try await Tool.run(program, arguments, input: input)
      guard !output.succeeded else { return .works() }
      return .fails(output.errors.split(separator: "\n").first.map(String.init) ?? "'\(program)' failed without a word")
    } catch let error as WarrenError {
      return .fails(error.message)
    } catch {
      return .fails("\(error)")
    }
  }

  private func containerd() async -> DoctorFacts.Containerd {
    var found = DoctorFacts.Containerd(binary: Self.program("containerd"), socket: containerdSocket, answer: .fails("does not exist"))
    guard access(containerdSocket, F_OK) == 0 else { return found }
    found.answer = await version()
    return found
  }

  private func version() async -> DoctorFacts.Trial {
    do {
      let client = try ContainerdClient(socketPath: containerdSocket, logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await client.run() }
        defer { group.cancelAll() }
        return .works(try await client.version(timeout: .seconds(3)))
      }
    } catch let error as WarrenError {
      return .fails(error.message)
    } catch {
      return .fails("\(error)")
    }
  }

  private func subnetProblem() -> String? {
    do {
      try HostRoutes.check(network)
      return nil
    } catch let error as WarrenError {
      return error.message
    } catch {
      return "\(error)"
    }
  }
}
