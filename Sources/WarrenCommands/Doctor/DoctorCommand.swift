import ArgumentParser
import ClusterModel
import HostNetwork
import SwiftProtobuf

/// `warren doctor`: whether this machine can run containers, and what to do when it cannot.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check that this machine has what Warren needs, and say how to fix what is missing.",
    discussion: example("warren doctor", "warren doctor -o json", note: "Changes nothing. Exits with 1 when a check fails."))

  @Option(help: ArgumentHelp("Data directory to check the disk of.", valueName: "path"), completion: .directory, transform: PathText.parse)
  var dataDir = "/var/lib/warren"
  @Option(help: ArgumentHelp("containerd's socket.", valueName: "path"), completion: .file(), transform: PathText.parse)
  var containerdAddress = "/run/containerd/containerd.sock"
  @Option(help: ArgumentHelp("Directory of CNI plugins (default: /opt/cni/bin, /usr/lib/cni).", valueName: "path"), completion: .directory)
  var cniPath: [String] = []
  @Option(help: ArgumentHelp("Addresses for containers on this node.", valueName: "cidr")) var cniSubnet = "10.88.0.0/16"
  @Option(help: ArgumentHelp("Name of the bridge containers are attached to.", valueName: "name")) var bridge = "warren0"
  @Option(help: ArgumentHelp("Where metrics and health will be served, or off.", valueName: "host:port")) var metricsAddr = "127.0.0.1:9090"
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let checks = DoctorRules.checks(await (try probe()).facts())
    Terminal.write(try DoctorReport.render(checks, format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles))
    if checks.contains(where: { $0.outcome == .failure }) { throw ExitCode(ExitCodes.failed) }
  }

  private func probe() throws -> DoctorProbe {
    let paths = cniPath.isEmpty ? ["/opt/cni/bin", "/usr/lib/cni"] : cniPath
    var ports: [(port: PublishedPort, use: String)] = []
    if metricsAddr != "off" {
      let address = try HostPort(parsing: metricsAddr, option: "--metrics-addr")
      ports.append(
        (
          PublishedPort(hostIP: IPAddressText.isValid(address.host) ? address.host : "", hostPort: UInt16(address.port), containerPort: 0),
          "metrics and health"
        ))
    }
    return DoctorProbe(
      dataDirectory: dataDir, containerdSocket: containerdAddress, pluginPaths: paths,
      network: NetworkConfiguration(bridge: bridge, subnet: try IPv4Subnet(cniSubnet), pluginPaths: paths, stateDirectory: "\(dataDir)/network"),
      ports: ports)
  }
}
