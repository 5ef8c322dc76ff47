import ArgumentParser
import ClusterModel
import GRPCCore
import WarrenAPI

struct ImagePull: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Pull an image from its registry to a node.",
    discussion: example("warren image pull nginx:1.27", "warren image pull nginx:1.27 --node edge-3"))

  @Argument(help: "The image, for example nginx or registry.local:5000/team/app:1.2.") var image: String
  @OptionGroup var place: ImageNodeOption
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    var request = Warren_V1_PullImageRequest()
    (request.reference, request.nodeID) = (image, place.node ?? "")
    let call = options.streamOptions
    let pulled = try await options.withClient { client in
      try await client.stream { [request] stub in
        try await stub.pullImage(request, options: call) { try await Self.follow($0, name: request.reference) }
      }
    }
    guard let pulled else { throw WarrenError(.internalError, "the pull of \(image) ended without a result; see the daemon's log") }
    if format.quiet, format.output == .table { return Terminal.line(pulled.reference) }
    Terminal.write(try Output.render(pulled, text: "✓ Image pulled: \(pulled.reference)\n  Digest: \(pulled.digest)\n", format: format.output))
  }

  private static func follow(_ response: StreamingClientResponse<Warren_V1_PullImageProgress>, name: String) async throws -> Warren_V1_Image? {
    var printer = ProgressPrinter.standardError()
    defer { printer.finish() }
    var image: Warren_V1_Image?
    for try await progress in response.messages {
      if progress.hasImage { image = progress.image }
      guard progress.totalBytes > 0 else { continue }
      let percent = Int(100 * progress.doneBytes / progress.totalBytes)
      printer.show(name: name, done: percent, of: 100, count: "\(percent)%", reason: progress.message)
    }
    return image
  }
}
