import ArgumentParser

struct ContextRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Forget a context on this machine.",
    discussion: example("warren context remove prod", note: "Its certificate stays valid where the file was copied to: see 'warren context revoke'."),
    aliases: ["rm"])

  @Argument(help: "The context's name.") var name: String

  func run() async throws {
    try ContextDirectory().remove(name)
    Terminal.line("✓ Context removed: \(name)")
  }
}
