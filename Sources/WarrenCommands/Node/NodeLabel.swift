import ArgumentParser
import WarrenAPI

struct NodeLabel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label", abstract: "Set and remove labels of a node, for constraints.",
    discussion: example(
      "warren node label edge-3 zone=a disk=ssd", "warren node label edge-3 --remove disk",
      note: "Tasks whose constraints the node no longer meets move away. A label that the node was started with comes back with its next session."))

  @Argument(help: "Id of the node.", completion: .nodeNames) var id: String
  @Argument(help: ArgumentHelp("Labels to set.", valueName: "key=value"), transform: ServiceLabel.init(parsing:)) var labels: [ServiceLabel] = []
  @Option(help: ArgumentHelp("Label to remove, may be given several times.", valueName: "key")) var remove: [String] = []
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if labels.isEmpty, remove.isEmpty { throw ValidationError("there is nothing to change; give KEY=VALUE or --remove KEY") }
  }

  func run() async throws {
    try await options.withClient { client in
      var request = Warren_V1_UpdateNodeRequest()
      request.id = id
      request.labels = Dictionary(labels.map { ($0.key, $0.value) }) { $1 }
      request.removedLabels = remove
      let node = try await client.call { [request] in try await $0.updateNode(request, options: options.callOptions) }.node
      if format.quiet, format.output == .table { return Terminal.line(node.id) }
      let lines = node.labels.sorted { $0.key < $1.key }.map { "  \($0.key)=\($0.value)\n" }.joined()
      Terminal.write(try Output.render(node, text: "✓ Node labelled: \(node.id)\n\(lines)", format: format.output))
    }
  }
}
