import ArgumentParser

struct ContextCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "context", abstract: "Reach clusters from elsewhere: files with addresses, the authority and a certificate.",
    discussion: example("warren context export laptop.json", "warren context import prod laptop.json", "warren context use prod"),
    subcommands: [
      ContextExport.self, ContextImport.self, ContextUse.self, ContextList.self, ContextRemove.self, ContextRevoke.self,
    ])
}
