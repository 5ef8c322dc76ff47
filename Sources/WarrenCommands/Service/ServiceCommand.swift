import ArgumentParser

struct ServiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "service", abstract: "Declare what runs, and look after it.",
    discussion: example("warren service create web --image nginx", "warren service list"),
    subcommands: [
      ServiceCreate.self, ServiceList.self, ServiceInspect.self, ServicePs.self, ServiceScale.self, ServiceUpdate.self,
      ServiceRollback.self, ServicePause.self, ServiceResume.self, ServicePromote.self, ServiceHistory.self, ServiceLogs.self, ServiceExec.self,
      ServiceDelete.self,
    ])
}
