import ArgumentParser

struct TaskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Look at single runs of a service's container.", discussion: example("warren task list", "warren task logs 3kq9"),
    subcommands: [TaskList.self, TaskInspect.self, TaskLogs.self])
}
