import ArgumentParser
import WarrenAPI

struct ServicePause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stop replacing tasks, where the rollout is.",
    discussion: example("warren service pause web", note: "Tasks that are replaced already stay, as do those that are not."))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      let service = try await client.changeRollout(name, .pause(true), options.callOptions)
      if format.quiet, format.output == .table { return Terminal.line(service.id) }
      Terminal.write(try Output.render(service, text: "✓ Rollout paused: \(service.spec.name)\n", format: format.output))
    }
  }
}
