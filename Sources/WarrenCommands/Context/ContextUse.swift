import ArgumentParser

struct ContextUse: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "use", abstract: "Choose the context for commands that name none.",
    discussion: example("warren context use prod", "warren context use default", note: "default is the manager on this machine."))

  @Argument(help: "A context's name, or default for the manager on this machine.") var name: String

  func run() async throws {
    try ContextDirectory().choose(name)
    Terminal.line("✓ Context in use: \(name)")
  }
}
