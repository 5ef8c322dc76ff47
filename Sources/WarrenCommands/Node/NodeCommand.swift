import ArgumentParser

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Look at the machines of the cluster, and take them out of service.",
    discussion: example("warren node list", "warren node drain edge-3"),
    subcommands: [NodeList.self, NodeInspect.self, NodeDrain.self, NodeActivate.self, NodeLabel.self])
}
