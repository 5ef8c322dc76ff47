import ArgumentParser
import WarrenAPI

struct NodeActivate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "activate", abstract: "Let tasks be placed on a node again after a drain.",
    discussion: example("warren node activate edge-3", note: "What was moved away stays where it is; new tasks come here."))

  @Argument(help: "Id of the node.", completion: .nodeNames) var id: String
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      var request = Warren_V1_UpdateNodeRequest()
      request.id = id
      request.availability = .active
      let node = try await client.call { [request] in try await $0.updateNode(request, options: options.callOptions) }.node
      if format.quiet, format.output == .table { return Terminal.line(node.id) }
      Terminal.write(try Output.render(node, text: "✓ Node is active: \(node.id)\n", format: format.output))
    }
  }
}
