import ArgumentParser
import ClusterModel

struct WorkerStart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Join a cluster as a worker and run its containers, in the foreground.",
    discussion: example(
      "warren worker start --manager manager-1:8080,manager-2:8080 --token-file token",
      "warren worker start --manager manager-1:8080 --token-file - --node-id edge-7 --label zone=a --memory 4",
      note:
        "Run again on the same data directory it resumes: it needs neither managers nor a token then, and starts what it ran before also when no "
        + "manager can be reached. SIGTERM and Ctrl-C stop it; containers keep running."))

  @Option(
    help: ArgumentHelp(
      "API addresses of managers, separated by commas: to join with, and to be tried beside those the cluster tells of.", valueName: "host:port"))
  var manager: String?
  @OptionGroup var token: TokenOptions
  @OptionGroup var options: NodeOptions

  func run() async throws {
    if try DataDirectory(options.dataDir).wasPromoted() { return try await Daemon.run(try DaemonOptions(node: options), as: .resume) }
    let managers = try (manager ?? "").split(separator: ",").map { try HostPort(parsing: String($0), option: "--manager").description }
    try await WorkerDaemon.run(options, managers: managers, token: try token.secret())
  }
}
