import ArgumentParser
import Logging

/// What a daemon takes, be it a manager or a worker. Everything that describes the node is kept in its data directory, so that `warren start`
/// needs none of it.
struct NodeOptions: ParsableArguments {
  enum LogFormat: String, Choice { case text, json }

  @Option(help: ArgumentHelp("Name of this node in the cluster (default: the host name).", valueName: "id")) var nodeID: String?
  @Option(help: ArgumentHelp("Where everything that must survive is kept.", valueName: "path"), completion: .directory, transform: PathText.parse)
  var dataDir = "/var/lib/warren"

  @Option(help: ArgumentHelp("Cores containers may use here (default: the machine's).", valueName: "n"), transform: CoreCount.parse) var cpu: Int64?
  @Option(
    help: ArgumentHelp("Memory containers may use here, in GiB or with a unit (default: the machine's).", valueName: "GiB"),
    transform: NodeMemory.parse)
  var memory: Int64?
  @Option(help: ArgumentHelp("Label this node, for constraints.", valueName: "key=value"), transform: ServiceLabel.init(parsing:)) var label:
    [ServiceLabel] = []

  @Option(
    help: ArgumentHelp("containerd's socket (default: the system's if it answers, else one of our own).", valueName: "path"), completion: .file())
  var containerdAddress: String?
  @Option(help: ArgumentHelp("Namespace in containerd (default: warren).", valueName: "name")) var containerdNamespace: String?
  @Option(help: ArgumentHelp("Directory of CNI plugins (default: /opt/cni/bin, /usr/lib/cni).", valueName: "path"), completion: .directory)
  var cniPath: [String] = []
  @Option(help: ArgumentHelp("Addresses for containers on this node (default: 10.88.0.0/16).", valueName: "cidr")) var cniSubnet: String?
  @Option(help: ArgumentHelp("Name of the bridge containers are attached to (default: warren0).", valueName: "name")) var bridge: String?
  @Option(
    help: ArgumentHelp(
      "Name server for containers, may be given several times (default: those this machine asks, if containers reach them).", valueName: "ip"))
  var dns: [String] = []

  @Option(help: ArgumentHelp("Where metrics and health are served, or off (default: 127.0.0.1:9090).", valueName: "host:port")) var metricsAddr:
    String?
  @Option(
    help: ArgumentHelp("Log this and worse: \(Self.levels) (also WARREN_LOG_LEVEL).", valueName: "level"),
    completion: .list(Logger.Level.allCases.map(\.rawValue)), transform: Self.level)
  var logLevel: Logger.Level?
  @Option(help: "How to log: text (key=value) or json.") var logFormat = LogFormat.text

  var settings: DaemonSettings {
    DaemonSettings(
      nanoCPUs: cpu, memoryBytes: memory,
      labels: label.isEmpty ? nil : Dictionary(label.map { ($0.key, $0.value) }) { $1 }, containerdAddress: containerdAddress,
      containerdNamespace: containerdNamespace, cniPaths: cniPath.isEmpty ? nil : cniPath, subnet: cniSubnet, bridge: bridge,
      nameServers: dns.isEmpty ? nil : dns, metricsAddress: metricsAddr)
  }

  func logger() -> Logger {
    let level = logLevel ?? Environment.process["WARREN_LOG_LEVEL"].flatMap(Logger.Level.init(rawValue:)) ?? .info
    return Logger(label: "warren") { _ in DaemonLogHandler(level: level, json: logFormat == .json) }
  }

  private static let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")

  private static func level(_ text: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: text.lowercased()) else { throw ValueError("'\(text)' is not a level; use \(levels)") }
    return level
  }
}
