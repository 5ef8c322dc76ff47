import ArgumentParser
import WarrenAPI

struct ServicePs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps", abstract: "List the tasks of a service, and why each is as it is.",
    discussion: example("warren service ps web", "warren service ps web --all --watch"))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @Flag(name: .shortAndLong, help: "Show tasks that were replaced or stopped, too.") var all = false
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions
  @OptionGroup var watching: WatchOptions

  func run() async throws {
    try await options.withClient { client in
      try await watching.show(client, kinds: [.task, .node]) {
        let tasks = try await client.allTasks(service: name, currentOnly: !all, options.callOptions)
        let nodes = try await client.allNodes(options.callOptions)
        let text = try Output.render(
          tasks, rows: TaskRow.rows(tasks, nodes: nodes), format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles)
        guard tasks.isEmpty, format.output == .table, !format.quiet else { return text }
        let service = try await client.call { try await $0.getService(.with { $0.id = name }, options: options.callOptions) }.service
        return service.waitingFor.isEmpty ? text : "No tasks yet: \(service.spec.name) \(service.waitingWords)\n"
      }
    }
  }
}
