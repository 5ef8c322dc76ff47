import ArgumentParser

struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a machine that does the cluster's work.",
    discussion: example("warren worker start --manager manager-1:8080 --token-file token"), subcommands: [WorkerStart.self])
}
