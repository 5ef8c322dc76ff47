import ArgumentParser
import SwiftProtobuf
import WarrenAPI

struct VersionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Show the version of this program, and with --server the cluster's.",
    discussion: example("warren version", "warren version --server -o json"))

  @Flag(help: "Ask the cluster for its version, too.")
  var server = false

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    var fields: [String: Google_Protobuf_Value] = ["client": .init(stringValue: WarrenVersion.current)]
    if server {
      let info = try await options.withClient { client in
        try await client.call { try await $0.getClusterInfo(.init(), options: options.callOptions) }
      }
      fields["server"] = .init(stringValue: info.version)
    }
    let text = "warren \(WarrenVersion.current)\n" + (fields["server"].map { "server \($0.stringValue)\n" } ?? "")
    Terminal.write(try Output.render(Google_Protobuf_Struct(fields: fields), text: text, format: format.output))
  }
}
