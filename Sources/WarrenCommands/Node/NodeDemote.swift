import ArgumentParser
import ClusterModel
import SwiftProtobuf
import WarrenAPI

struct NodeDemote: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demote", abstract: "Make a worker of a manager.",
    discussion: example(
      "warren node demote edge-3",
      note:
        "One that leads lets another lead first. Its daemon goes on as a worker's, and its part of the cluster's log is deleted; its containers do not "
        + "notice. Refused when the managers that are left would have no quorum."))

  @Argument(help: "Id of the node.", completion: .nodeNames) var id: String
  @Flag(help: "Though the managers that are left would have no quorum.") var force = false
  @OptionGroup var options: GlobalOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      let request = Warren_V1_ChangeNodeRoleRequest.with { ($0.id, $0.role, $0.force) = (id, .worker, force) }
      let answer = try await client.call { try await $0.changeNodeRole(request, options: options.callOptions) }
      for note in answer.notes { Terminal.note("Note: \(note)") }
      let isDone = waiting.detach ? false : try await MembershipWait(client: client).isWorker(id)
      if format.quiet, format.output == .table { return Terminal.line(id) }
      let text = isDone ? "✓ Node is a worker: \(id)\n" : "✓ Node becomes a worker: \(id); its own daemon says when it is one\n"
      Terminal.write(try Output.render(answer.node, text: text, format: format.output))
    }
  }
}
