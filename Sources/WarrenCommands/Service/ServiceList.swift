import ArgumentParser
import WarrenAPI

struct ServiceList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the services.", discussion: example("warren service list", "warren service list --watch"), aliases: ["ls"])

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions
  @OptionGroup var watching: WatchOptions

  func run() async throws {
    try await options.withClient { client in
      try await watching.show(client, kinds: [.service, .task]) {
        let services = try await client.allServices(options.callOptions)
        return try Output.render(
          services, rows: services.map(ServiceRow.init), format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles)
      }
    }
  }
}
