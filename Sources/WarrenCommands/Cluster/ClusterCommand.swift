import ArgumentParser

struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster", abstract: "Make a cluster, and look at it.", discussion: example("warren cluster init", "warren cluster info"),
    subcommands: [
      ClusterInit.self, ClusterInfo.self, ClusterJoinToken.self, ClusterRotateCA.self, ClusterBackup.self, ClusterRestore.self, ClusterRecover.self,
    ])
}
