import ArgumentParser
import GRPCCore
import WarrenAPI

struct EventsCommand: AsyncParsableCommand {
  enum Kind: String, Choice {
    case node, service, task

    var wire: Warren_V1_ObjectKind {
      switch self {
      case .node: .node
      case .service: .service
      case .task: .task
      }
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Show how the cluster came to be as it is, and with -f what happens.",
    discussion: example(
      "warren events -f", "warren events -f --kind task -o json",
      note: "The past is told from the nodes, services and tasks there are; what was removed left no trace. With -f every change is shown."))

  @Flag(name: .shortAndLong, help: "Stay, and print events as they happen.") var follow = false
  @Option(help: "Only events of nodes, services or tasks.") var kind: [Kind] = []
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    var request = Warren_V1_StreamEventsRequest()
    request.follow = follow
    request.kinds = kind.map(\.wire)
    if follow { Terminal.endWithReader() }
    let output = format.output
    let quiet = format.quiet
    let call = follow ? options.streamOptions : options.callOptions
    try await options.withClient { client in
      try await client.stream { [request] stub in
        try await stub.streamEvents(request, options: call) { response in
          for try await event in response.messages {
            let text = quiet ? event.id + "\n" : Self.text(event)
            Terminal.write(try Output.renderItem(event, text: text, format: output))
          }
        }
      }
    }
  }

  /// `2026-03-01T09:00:00Z task web.1 running on edge-1 (3kq9…): message`.
  static func text(_ event: Warren_V1_Event) -> String {
    let kind = "\(event.kind)".split(separator: ".").last.map(String.init) ?? ""
    let place = event.nodeID.isEmpty ? "" : " on \(event.nodeID)"
    let name = event.name.isEmpty ? event.id : "\(event.name) (\(event.id))"
    let message = event.message.isEmpty ? "" : ": \(event.message)"
    return TextTable.singleLine("\(TimeText.rfc3339(event.at)) \(kind) \(name) \(event.action)\(place)\(message)") + "\n"
  }
}
