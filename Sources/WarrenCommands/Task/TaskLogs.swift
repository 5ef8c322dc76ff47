import ArgumentParser
import WarrenAPI

struct TaskLogs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show what a task's container wrote.",
    discussion: example("warren task logs 3kq9 --tail 20", "warren task logs -f 3kq9"))

  @Argument(help: "Id of the task, or its first characters.", completion: .taskNames) var id: String
  @OptionGroup var logs: LogOptions
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    var request = logs.request()
    request.task = id
    try await LogPrinter(format: format.output, timestamps: logs.timestamps, prefix: false).print(request, options)
  }
}
