import ArgumentParser

/// The root of the command tree.
struct WarrenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warren",
    abstract: "Runs containers on a cluster of machines at the edge.",
    discussion: example("warren cluster init", "warren service create web --image nginx --replicas 2 --publish 8088:80", "warren service ps web"),
    version: "warren \(WarrenVersion.current)",
    groupedSubcommands: [
      CommandGroup(
        name: "Running Warren", subcommands: [ClusterCommand.self, ManagerCommand.self, WorkerCommand.self, StartCommand.self, LeaveCommand.self]),
      CommandGroup(
        name: "Using a cluster",
        subcommands: [
          ServiceCommand.self, ApplyCommand.self, TaskCommand.self, NodeCommand.self, ImageCommand.self, EventsCommand.self, ContextCommand.self,
        ]),
      CommandGroup(name: "About", subcommands: [DoctorCommand.self, VersionCommand.self]),
    ])
}
