import ArgumentParser
import WarrenAPI

struct ServiceResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on with a paused rollout.",
    discussion: example("warren service resume web", note: "What has failed so far no longer counts."))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      var service = try await client.changeRollout(name, .resume(true), options.callOptions)
      if !waiting.detach { service = try await RolloutWait(client: client, timeout: options.convergenceTimeout).wait(for: service) }
      if format.quiet, format.output == .table { return Terminal.line(service.id) }
      let text = "✓ Rollout \(waiting.detach ? "resumed" : service.rollout.progressWord): \(service.spec.name)\n" + service.whatNext
      Terminal.write(try Output.render(service, text: text, format: format.output))
    }
  }
}
