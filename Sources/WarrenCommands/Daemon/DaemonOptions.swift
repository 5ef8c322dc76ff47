import ArgumentParser
import Logging

/// What a manager's daemon takes, which may run containers too.
struct DaemonOptions: ParsableArguments {
  enum RaftProfile: String, Choice { case lan, wan }

  @OptionGroup var node: NodeOptions

  @Option(help: ArgumentHelp("Where managers will reach this one (default: HOSTNAME:7946).", valueName: "host:port")) var bindAddr: String?
  @Option(
    help: ArgumentHelp(
      "Where nodes and people reach this manager; an IP address is listened on, with a name all of this machine's are (default: HOSTNAME:8080).",
      valueName: "host:port"))
  var apiAddr: String?
  @Option(help: ArgumentHelp("How others name this machine, when its addresses above are not what they dial.", valueName: "host"))
  var advertiseAddr: String?
  @Flag(help: "Run no containers here.") var managerOnly = false
  @Option(help: "How patient managers are with one another: lan, or wan when they are far apart.") var raftProfile: RaftProfile?
  @Option(help: ArgumentHelp("Unix socket to serve the API on (default: /run/warren/warren.sock).", valueName: "path"), completion: .file())
  var socket: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A node that is silent for so long counts as down, and its tasks are replaced; the same on all managers (default: 10s).", valueName: "duration"),
    transform: DurationText.parse)
  var nodeDown: Duration?

  var nodeID: String? { node.nodeID }
  var dataDir: String { node.dataDir }

  /// Those of a manager that were given.
  var managerOptions: [String] {
    let given: [(String, Bool)] = [
      ("--bind-addr", bindAddr != nil), ("--api-addr", apiAddr != nil), ("--advertise-addr", advertiseAddr != nil),
      ("--manager-only", managerOnly), ("--socket", socket != nil),
      ("--node-down", nodeDown != nil), ("--raft-profile", raftProfile != nil),
    ]
    return given.filter(\.1).map(\.0)
  }

  var settings: DaemonSettings {
    var settings = node.settings
    settings.managerOnly = managerOnly ? true : nil
    (settings.bindAddress, settings.apiAddress, settings.advertiseAddress, settings.socket) = (bindAddr, apiAddr, advertiseAddr, socket)
    settings.raftProfile = raftProfile?.rawValue
    settings.nodeDownSeconds = nodeDown.map { $0 / .seconds(1) }
    return settings
  }

  func logger() -> Logger { node.logger() }
}

extension DaemonOptions {
  /// With nothing but what was said of the node.
  init(node: NodeOptions) throws {
    self = try DaemonOptions.parse([])
    self.node = node
  }
}
