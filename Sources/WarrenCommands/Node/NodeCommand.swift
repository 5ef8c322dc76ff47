import ArgumentParser

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Look at the machines of the cluster, take them out of service, and choose which are managers.",
    discussion: example("warren node list", "warren node drain edge-3"),
    subcommands: [
      NodeList.self, NodeInspect.self, NodeDrain.self, NodeActivate.self, NodeLabel.self, NodePromote.self, NodeDemote.self, NodeRemove.self,
    ])
}
