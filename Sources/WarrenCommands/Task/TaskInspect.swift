import ArgumentParser
import WarrenAPI

struct TaskInspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show everything about a task.",
    discussion: example("warren task inspect 3kq9", "warren task inspect 3kq9 -o yaml"))

  @Argument(help: "Id of the task, or its first characters.", completion: .taskNames) var id: String
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let task = try await options.withClient { client in
      var request = Warren_V1_GetTaskRequest()
      request.id = id
      return try await client.call { try await $0.getTask(request, options: options.callOptions) }.task
    }
    if format.quiet, format.output == .table { return Terminal.line(task.id) }
    let exit = task.status.hasLastExit ? "\(task.status.lastExit.code) (\(task.status.lastExit.reason))" : ""
    let text = try Details.text(
      task,
      head: [
        ("Name", task.displayName), ("ID", task.id), ("Node", task.nodeID), ("State", task.status.words), ("Address", task.status.address),
        ("Last exit", exit),
      ])
    Terminal.write(try Output.render(task, text: text, format: format.output))
  }
}
