import ArgumentParser
import WarrenAPI

struct ServiceInspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show everything about a service.",
    discussion: example("warren service inspect web", "warren service inspect web -o json"))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let answer = try await options.withClient { client in
      var request = Warren_V1_GetServiceRequest()
      request.id = name
      return try await client.call { try await $0.getService(request, options: options.callOptions) }
    }
    if format.quiet, format.output == .table { return Terminal.line(answer.service.id) }
    let text = try Details.text(
      answer.service,
      head: [
        ("Name", answer.service.spec.name), ("ID", answer.service.id), ("Replicas", "\(answer.tally.running)/\(answer.tally.desired)"),
        ("Waits", answer.service.waitingWords),
      ])
    Terminal.write(try Output.render(answer.service, text: text, format: format.output))
  }
}
