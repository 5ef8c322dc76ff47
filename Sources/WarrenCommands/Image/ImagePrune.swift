import ArgumentParser
import ClusterModel
import WarrenAPI

struct ImagePrune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Remove the images of a node that no task there uses.",
    discussion: example("warren image prune", "warren image prune --node edge-3"))

  @OptionGroup var place: ImageNodeOption
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let answer = try await options.withClient { client in
      try await client.call { try await $0.pruneImages(.with { $0.nodeID = place.node ?? "" }, options: options.callOptions) }
    }
    if format.quiet, format.output == .table { return answer.references.forEach { Terminal.line($0) } }
    let lines = answer.references.map { "✓ Image removed: \($0)" } + ["Freed: \(ByteCount.text(answer.freedBytes))"]
    Terminal.write(try Output.render(answer, text: lines.map { $0 + "\n" }.joined(), format: format.output))
  }
}
