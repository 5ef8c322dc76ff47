import ArgumentParser
import WarrenAPI

struct ServiceLogs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show what the containers of a service wrote.",
    discussion: example("warren service logs web --tail 20", "warren service logs -f --timestamps web"))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @OptionGroup var logs: LogOptions
  @Flag(help: "Leave out the task's name in front of each line.") var noPrefix = false
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    var request = logs.request()
    request.service = name
    try await LogPrinter(format: format.output, timestamps: logs.timestamps, prefix: !noPrefix).print(request, options)
  }
}
