import ArgumentParser

struct ManagerJoin: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Join a cluster as one of its managers and run it, in the foreground.",
    discussion: example(
      "warren manager join --leader 10.0.0.1:8080 --token-file /root/token",
      "warren manager join --leader m1:8080,m2:8080 --token-file - --manager-only",
      note:
        "Get the token on a manager: warren cluster join-token manager. Run again on the same data directory it resumes, without leader and token; "
        + "with --leader it asks there where the managers are now, for one whose managers all moved while it was off. It takes part in decisions once it has caught up."
    ))

  @Option(help: ArgumentHelp("API addresses of managers of the cluster, separated by commas; any of them will do.", valueName: "host:port"))
  var leader: String?
  @OptionGroup var token: TokenOptions
  @OptionGroup var options: DaemonOptions

  func run() async throws {
    if try DataDirectory(options.dataDir).wasDemoted() { return try await WorkerDaemon.run(options.node) }
    let leaders = leader.map { $0.split(separator: ",").map(String.init) } ?? []
    try await Daemon.run(options, as: .join(leaders: leaders, try token.secret()))
  }
}
