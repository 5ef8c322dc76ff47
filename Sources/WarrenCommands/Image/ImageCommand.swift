import ArgumentParser

struct ImageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "Bring images to the node, list and remove them.",
    discussion: example("warren image load web.tar", "warren image list"),
    subcommands: [ImageLoad.self, ImagePull.self, ImageList.self, ImagePrune.self])
}
