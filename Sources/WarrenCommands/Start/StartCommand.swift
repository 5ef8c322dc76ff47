import ArgumentParser
import ClusterModel

struct StartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Resume whatever node this data directory holds, in the foreground.",
    discussion: example(
      "warren start", "warren start --data-dir /srv/warren --log-format json",
      note: "For a unit file. Options given here replace those the node was made with."))

  @OptionGroup var options: DaemonOptions

  func run() async throws {
    let directory = DataDirectory(options.dataDir)
    try directory.finishTransition()
    guard case .worker = try directory.occupant() else { return try await Daemon.run(options, as: .resume) }
    if let option = options.managerOptions.first {
      throw WarrenError(.invalidArgument, "\(options.dataDir) belongs to a worker, and \(option) is a manager's; leave it out")
    }
    try await WorkerDaemon.run(options.node)
  }
}
