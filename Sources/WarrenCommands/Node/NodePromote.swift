import ArgumentParser
import ClusterModel
import SwiftProtobuf
import WarrenAPI

struct NodePromote: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Make a manager of a worker.",
    discussion: example(
      "warren node promote edge-3",
      note:
        "Its daemon goes on as a manager's, reached at its host name on the ports 8080 and 7946; its containers do not notice. It votes when it has "
        + "caught up, which this waits for."))

  @Argument(help: "Id of the node.", completion: .nodeNames) var id: String
  @OptionGroup var options: GlobalOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      let request = Warren_V1_ChangeNodeRoleRequest.with { ($0.id, $0.role) = (id, .manager) }
      let answer = try await client.call { try await $0.changeNodeRole(request, options: options.callOptions) }
      for note in answer.notes { Terminal.note("Note: \(note)") }
      if !waiting.detach, try await !MembershipWait(client: client, patience: options.timeout ?? .seconds(60)).votes(id) {
        throw WarrenError(
          .deadlineExceeded,
          "node \(id) is to be a manager, and does not vote yet; it goes on by itself; look at its log there and at 'warren cluster info', or take it "
            + "back: warren node demote \(id)")
      }
      if format.quiet, format.output == .table { return Terminal.line(id) }
      let text = waiting.detach ? "✓ Node becomes a manager: \(id)\n" : "✓ Node is a manager: \(id)\n"
      Terminal.write(try Output.render(answer.node, text: text, format: format.output))
    }
  }
}
