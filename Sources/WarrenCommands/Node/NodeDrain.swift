import ArgumentParser
import ClusterModel
import SwiftProtobuf
import WarrenAPI

struct NodeDrain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Move everything away from a node and place nothing there.",
    discussion: example(
      "warren node drain edge-3", "warren node drain edge-3 --deadline 1m",
      note: "Where that is possible each task goes on here until the one that takes its place runs elsewhere. 'warren node activate' ends it."))

  @Argument(help: "Id of the node.", completion: .nodeNames) var id: String
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Stop what is still here after this long, running elsewhere or not; 0 for at once (default: 5m).", valueName: "duration"),
    transform: DurationText.parse)
  var deadline: Duration?
  @OptionGroup var options: GlobalOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      var request = Warren_V1_UpdateNodeRequest()
      request.id = id
      request.availability = .drain
      if let deadline { request.drainGrace = deadline.wire }
      let node = try await client.call { [request] in try await $0.updateNode(request, options: options.callOptions) }.node
      if !waiting.detach { try await DrainWait(client: client, node: node.id).run(timeout: options.convergenceTimeout) }
      if format.quiet, format.output == .table { return Terminal.line(node.id) }
      let text = waiting.detach ? "✓ Node is draining: \(node.id)\n" : "✓ Node drained: \(node.id)\n"
      Terminal.write(try Output.render(node, text: text, format: format.output))
    }
  }
}
