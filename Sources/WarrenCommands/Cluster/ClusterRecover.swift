import ArgumentParser
import ClusterModel
import RaftStorage

struct ClusterRecover: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Look at the damaged data directory of a manager that is alone, and with --yes go on with its intact part.",
    discussion: example(
      "warren cluster recover --data-dir /var/lib/warren", "warren cluster recover --data-dir /var/lib/warren --yes",
      note: "Without --yes nothing is changed. The damaged files are kept aside."))

  @Option(help: ArgumentHelp("The data directory; no daemon may be using it.", valueName: "path"), completion: .directory, transform: PathText.parse)
  var dataDir = "/var/lib/warren"
  @Flag(help: "Do it: what comes after the damage is lost.") var yes = false

  func run() async throws {
    guard LogDatabase.exists(dataDirectory: dataDir) else {
      throw WarrenError(.notFound, "\(dataDir) holds no cluster; name its data directory with --data-dir")
    }
    let recovery = LogRecovery(dataDirectory: dataDir)
    let found = try recovery.inspect()
    Terminal.write(Self.text(found))
    guard found.damage != nil else { return Terminal.line("Nothing to recover: the log is intact.") }
    guard yes || found.isAmongOthers else {
      return Terminal.line("Nothing was changed. To go on with the intact part: warren cluster recover --data-dir \(dataDir) --yes")
    }
    let done = try recovery.recover()
    Terminal.line("✓ Recovered up to entry \(done.lastIntactIndex)")
    if let aside = done.keptAside { Terminal.line("  The damaged files are in \(aside)") }
    Terminal.line("  Start it with: warren start --data-dir \(dataDir)")
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
