import ArgumentParser

struct ClusterInit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a cluster of this machine and run its first node, in the foreground.",
    discussion: example(
      "warren cluster init", "warren cluster init --node-id edge-1 --label zone=a --data-dir /srv/warren",
      note:
        "Run again on the same data directory it resumes; it never makes a second cluster there. SIGTERM and Ctrl-C stop it; containers keep running."
    ))

  @OptionGroup var options: DaemonOptions

  func run() async throws {
    if try DataDirectory(options.dataDir).wasDemoted() { return try await WorkerDaemon.run(options.node) }
    try await Daemon.run(options, as: .initialise)
  }
}
