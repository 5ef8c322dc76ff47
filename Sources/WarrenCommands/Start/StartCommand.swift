import ArgumentParser

struct StartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Resume whatever node this data directory holds, in the foreground.",
    discussion: example(
      "warren start", "warren start --data-dir /srv/warren --log-format json",
      note: "For a unit file. Options given here replace those the node was made with."))

  @OptionGroup var options: DaemonOptions

  func run() async throws { try await Daemon.run(options, mayBootstrap: false) }
}
