import ArgumentParser
import WarrenAPI

struct ImageList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the images on a node.", discussion: example("warren image list", "warren image list --node edge-3 -q"),
    aliases: ["ls"])

  @OptionGroup var place: ImageNodeOption
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let images = try await options.withClient { client in
      try await client.call { try await $0.listImages(.with { $0.nodeID = place.node ?? "" }, options: options.callOptions) }.images
    }
    Terminal.write(
      try Output.render(
        images, rows: images.map(ImageRow.init), format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles))
  }
}
