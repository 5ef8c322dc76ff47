import ArgumentParser
import ClusterModel
import HostNetwork
import SwiftProtobuf

/// `warren doctor`: whether this machine can run containers, and what to do when it cannot.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check that this machine has what Warren needs, and say how to fix what is missing.",
    discussion: example("warren doctor", "warren doctor -o json", note: "Changes nothing. Exits with 1 when a check fails."))

  @Option(
    help: ArgumentHelp("Data directory to check the disk of; what is kept there about the node is what is checked.", valueName: "path"),
    completion: .directory, transform: PathText.parse)
  var dataDir = "/var/lib/warren"
  @Option(
    help: ArgumentHelp("containerd's socket (default: /run/containerd/containerd.sock).", valueName: "path"), completion: .file(),
    transform: PathText.parse)
  var containerdAddress: String?
  @Option(help: ArgumentHelp("Directory of CNI plugins (default: /opt/cni/bin, /usr/lib/cni).", valueName: "path"), completion: .directory)
  var cniPath: [String] = []
  @Option(help: ArgumentHelp("Addresses for containers on this node (default: 10.88.0.0/16).", valueName: "cidr")) var cniSubnet: String?
  @Option(help: ArgumentHelp("Name of the bridge containers are attached to (default: warren0).", valueName: "name")) var bridge: String?
  @Option(help: ArgumentHelp("Name server for containers (default: those this machine asks).", valueName: "ip")) var dns: [String] = []
  @Option(help: ArgumentHelp("Where metrics and health will be served, or off (default: 127.0.0.1:9090).", valueName: "host:port"))
  var metricsAddr: String?
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let checks = DoctorRules.checks(await (try probe()).facts())
    Terminal.write(try DoctorReport.render(checks, format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles))
    if checks.contains(where: { $0.outcome == .failure }) { throw ExitCode(ExitCodes.failed) }
  }

  private func probe() throws -> DoctorProbe {
    let said = DaemonSettings(
      containerdAddress: containerdAddress, cniPaths: cniPath.isEmpty ? nil : cniPath, subnet: cniSubnet, bridge: bridge,
      nameServers: dns.isEmpty ? nil : dns, metricsAddress: metricsAddr)
    // Whoever may not read the directory is told about the defaults, and that root is needed.
    let settings = said.completed(by: (try? DataDirectory(dataDir).settings()) ?? DaemonSettings())
    let daemon = try DaemonConfiguration(nodeID: "doctor", dataDirectory: dataDir, settings: settings, hostname: DaemonConfiguration.hostname())
    let ports = daemon.metricsAddress.map { address in
      let host = IPAddressText.isValid(address.host) ? address.host : ""
      return (port: PublishedPort(hostIP: host, hostPort: UInt16(address.port), containerPort: 0), use: "metrics and health")
    }
    return DoctorProbe(
      dataDirectory: dataDir, containerdSocket: daemon.containerdAddress ?? "/run/containerd/containerd.sock", pluginPaths: daemon.cniPaths,
      network: try daemon.network(), ports: ports.map { [$0] } ?? [])
  }
}
