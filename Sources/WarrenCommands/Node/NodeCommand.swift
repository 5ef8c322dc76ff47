import ArgumentParser

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Look at the machines of the cluster.", discussion: example("warren node list"),
    subcommands: [NodeList.self, NodeInspect.self])
}
