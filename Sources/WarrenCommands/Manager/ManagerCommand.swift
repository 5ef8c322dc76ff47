import ArgumentParser

struct ManagerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manager", abstract: "Make this machine a manager of a cluster.",
    discussion: example("warren manager join --leader 10.0.0.1:8080 --token-file /root/token"), subcommands: [ManagerJoin.self, ManagerRejoin.self])
}
