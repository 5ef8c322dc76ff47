import ArgumentParser
import WarrenAPI

struct NodeInspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show everything about a node.",
    discussion: example("warren node inspect edge-1", "warren node inspect edge-1 -o json"))

  @Argument(help: "Id of the node.", completion: .nodeNames) var id: String
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let node = try await options.withClient { client in
      var request = Warren_V1_GetNodeRequest()
      request.id = id
      return try await client.call { try await $0.getNode(request, options: options.callOptions) }.node
    }
    if format.quiet, format.output == .table { return Terminal.line(node.id) }
    let row = NodeRow(node: node).cells
    let text = try Details.text(
      node, head: [("ID", node.id), ("Role", row[1]), ("Status", row[2]), ("CPU", row[3]), ("Memory", row[4]), ("Message", node.explanation)])
    Terminal.write(try Output.render(node, text: text, format: format.output))
  }
}
