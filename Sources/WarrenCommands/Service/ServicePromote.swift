import ArgumentParser
import WarrenAPI

struct ServicePromote: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Go on with a canary or blue-green rollout that is staged.",
    discussion: example(
      "warren service promote web",
      note: "A canary goes on to its next share, or to all tasks. Blue-green leads the ports to the new tasks, and keeps the old ones for a while."))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      var service = try await client.changeRollout(name, .promote(true), options.callOptions)
      if !waiting.detach { service = try await RolloutWait(client: client, timeout: options.convergenceTimeout).wait(for: service) }
      if format.quiet, format.output == .table { return Terminal.line(service.id) }
      let text = "✓ Rollout \(waiting.detach ? "promoted" : service.rollout.progressWord): \(service.spec.name)\n" + service.whatNext
      Terminal.write(try Output.render(service, text: text, format: format.output))
    }
  }
}
