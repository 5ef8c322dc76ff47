import ArgumentParser
import ClusterModel
import RaftStorage

struct ClusterRecover: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Go on with this manager alone: after most of the others were lost for ever, or with the intact part of a damaged log.",
    discussion: example(
      "warren cluster recover", "warren cluster recover --yes", "warren cluster recover --bind-addr 10.0.0.9:7946 --api-addr 10.0.0.9:8080 --yes",
      note:
        "Stop the daemon first. Without --yes it says what it would do and what may be lost, and changes nothing. The cluster stays what it is; the other "
        + "managers are given up, and refused when they return. The old log is kept aside."))

  @Option(help: ArgumentHelp("The data directory; no daemon may be using it.", valueName: "path"), completion: .directory, transform: PathText.parse)
  var dataDir = "/var/lib/warren"
  @Option(help: ArgumentHelp("Where managers will reach this one from now on (default: as before).", valueName: "host:port")) var bindAddr: String?
  @Option(help: ArgumentHelp("Where nodes and people will reach it (default: as before).", valueName: "host:port")) var apiAddr: String?
  @Option(help: ArgumentHelp("How others name this machine (default: as before).", valueName: "host")) var advertiseAddr: String?
  @Flag(help: "Do it.") var yes = false
  @Flag(help: "Do it though other managers can be reached; their machines must not run warren any more.") var force = false

  func run() async throws {
    let directory = DataDirectory(dataDir)
    guard LogDatabase.exists(dataDirectory: directory.path) else {
      try directory.refuseWorker()
      throw WarrenError(.notFound, "\(directory.path) holds no manager; name its data directory with --data-dir")
    }
    try SupersededMark(directory.path).check()
    if let demoted = try directory.demotedCredentials() {
      throw WarrenError(
        .failedPrecondition,
        "node \(demoted.identity.node) in \(directory.path) was made a worker; start it: warren start --data-dir \(directory.path)")
    }
    let recovery = LogRecovery(dataDirectory: directory.path)
    let content = try recovery.read()
    let report = content.report
    Terminal.write(Self.text(report))
    if report.isAmongOthers {
      var addresses = DaemonSettings()
      (addresses.bindAddress, addresses.apiAddress, addresses.advertiseAddress) = (bindAddr, apiAddr, advertiseAddr)
      return try await LastManager(directory: directory, recovery: recovery, content: content, addresses: addresses).recover(
        confirmed: yes, forced: force, command: recoverCommand)
    }
    if bindAddr != nil || apiAddr != nil || advertiseAddr != nil {
      throw WarrenError(.invalidArgument, "this manager is the only one already; give its new addresses to 'warren start'")
    }
    guard report.damage != nil else { return Terminal.line("Nothing to recover: it is the only manager already, and its log is intact.") }
    guard yes else { return Terminal.line("Nothing was changed. To go on with the intact part: \(recoverCommand)") }
    let done = try recovery.recover()
    Terminal.line("✓ Recovered up to entry \(done.lastIntactIndex)")
    if let aside = done.keptAside { Terminal.line("  The damaged files are in \(aside)") }
    Terminal.line("  Start it with: warren start --data-dir \(dataDir)")
  }

  /// As it was given, with the confirmation.
  private var recoverCommand: String {
    let options = [("--bind-addr", bindAddr), ("--api-addr", apiAddr), ("--advertise-addr", advertiseAddr)]
    return "warren cluster recover --data-dir \(dataDir)" + options.map { name, value in value.map { " \(name) \($0)" } ?? "" }.joined() + " --yes"
  }

  static func text(_ report: LogRecovery.Report) -> String {
    var lines = ["Cluster: \(report.identity.clusterID)", "Node: \(report.identity.nodeID)"]
    if let damage = report.damage { lines.append("Damage: \(damage)") }
    lines += [
      "Intact up to entry: \(report.lastIntactIndex)", "Known to have been written: \(report.lastKnownIndex)", "Lost: \(report.lostEntries) entries",
    ]
    return lines.map { $0 + "\n" }.joined()
  }
}
