import ArgumentParser
import ClusterModel
import GRPCCore
import WarrenAPI

struct ServiceRollback: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Go back to an earlier revision of a service.",
    discussion: example(
      "warren service rollback web", "warren service rollback web --to 3",
      note: "What tasks are made from goes back; replicas, labels and policies stay. 'warren service history' lists the revisions."))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @Option(help: ArgumentHelp("Which revision (default: the one before).", valueName: "revision")) var to: UInt64?
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    if to == 0 { throw ValidationError("there is no revision 0; leave --to out for the one before") }
  }

  func run() async throws {
    try await options.withClient { client in
      let old = try await client.service(name, options.callOptions)
      let service = try await client.changeRollout(name, .rollBackTo(to ?? 0), options.callOptions)
      if !waiting.detach { try await RolloutWait(client: client, timeout: options.convergenceTimeout).wait(for: service) }
      if format.quiet, format.output == .table { return Terminal.line(service.id) }
      let head = waiting.detach ? "Rollback of \(service.spec.name) has begun" : "✓ Service rolled back: \(service.spec.name)"
      let text = "\(head)\n  Revision: \(old.revision) → \(service.revision)\n  Image: \(service.spec.task.container.image)\n"
      Terminal.write(try Output.render(service, text: text, format: format.output))
    }
  }
}
