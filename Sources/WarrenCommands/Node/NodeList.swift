import ArgumentParser
import WarrenAPI

struct NodeList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the nodes.", discussion: example("warren node list", "warren node list -o json"), aliases: ["ls"])

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions
  @OptionGroup var watching: WatchOptions

  func run() async throws {
    try await options.withClient { client in
      try await watching.show(client, kinds: [.node]) {
        let nodes = try await client.allNodes(options.callOptions)
        return try Output.render(
          nodes, rows: nodes.map(NodeRow.init), format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles)
      }
    }
  }
}
