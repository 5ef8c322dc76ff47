import ArgumentParser
import WarrenAPI

struct ImageList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the images on the node.", discussion: example("warren image list", "warren image list -q"), aliases: ["ls"])

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let images = try await options.withClient { client in
      try await client.call { try await $0.listImages(.init(), options: options.callOptions) }.images
    }
    Terminal.write(
      try Output.render(
        images, rows: images.map(ImageRow.init), format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles))
  }
}
