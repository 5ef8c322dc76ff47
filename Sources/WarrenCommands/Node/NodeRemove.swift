import ArgumentParser
import ClusterModel
import SwiftProtobuf
import WarrenAPI

struct NodeRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take a node out of the cluster for good.",
    discussion: example(
      "warren node remove edge-3", "warren node remove edge-3 --force",
      note:
        "A node that is up is drained before, and a worker stopped, or leaves by itself with 'warren leave' there. A manager that leads lets another lead "
        + "first; one whose removal would leave the others without a quorum is not removed. What ran there is started elsewhere; a daemon that is "
        + "still there stops its containers and ends."),
    aliases: ["rm"])

  @Argument(help: "Id of the node.", completion: .nodeNames) var id: String
  @Flag(help: "Though it is up and runs tasks, or though the managers that are left would have no quorum.") var force = false
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    try await options.withClient { client in
      let request = Warren_V1_RemoveNodeRequest.with {
        ($0.id, $0.force, $0.requestID) = (id, force, Identifier<RequestRecord>.random().rawValue)
      }
      let answer = try await client.call { try await $0.removeNode(request, options: options.callOptions) }
      for note in answer.notes { Terminal.note("Note: \(note)") }
      var isDone = !answer.underWay
      if !isDone { isDone = try await MembershipWait(client: client).isGone(id) }
      if format.quiet { return Terminal.line(id) }
      Terminal.line(isDone ? "✓ Node removed: \(id)" : "✓ Node is leaving: \(id); its own daemon says when it is out")
    }
  }
}
