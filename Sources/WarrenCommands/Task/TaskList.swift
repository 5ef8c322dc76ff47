import ArgumentParser
import WarrenAPI

struct TaskList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the tasks of all services.", discussion: example("warren task list", "warren task list --node edge-1 --all"),
    aliases: ["ls"])

  @Option(help: "Only tasks on this node.", completion: .nodeNames) var node: String?
  @Option(help: "Only tasks of this service.", completion: .serviceNames) var service: String?
  @Flag(name: .shortAndLong, help: "Show tasks that were replaced or stopped, too.") var all = false
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions
  @OptionGroup var watching: WatchOptions

  func run() async throws {
    try await options.withClient { client in
      try await watching.show(client, kinds: [.task, .node]) {
        let tasks = try await client.allTasks(service: service ?? "", node: node ?? "", currentOnly: !all, options.callOptions)
        let nodes = try await client.allNodes(options.callOptions)
        return try Output.render(
          tasks, rows: TaskRow.rows(tasks, nodes: nodes), format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles)
      }
    }
  }
}
