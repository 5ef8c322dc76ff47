import ArgumentParser

/// Whose images are meant.
struct ImageNodeOption: ParsableArguments {
  @Option(help: ArgumentHelp("The node (default: the manager that is asked).", valueName: "id"), completion: .nodeNames) var node: String?
}
