import ArgumentParser
import WarrenAPI

struct ServiceHistory: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "List the revisions of a service, the newest first.",
    discussion: example("warren service history web", "warren service rollback web --to 3"))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func run() async throws {
    let service = try await options.withClient { client in try await client.service(name, options.callOptions) }
    let current = Warren_V1_ServiceRevision.with {
      $0.number = service.revision
      $0.task = service.spec.task
      $0.madeAt = service.hasRollout ? service.rollout.startedAt : service.meta.createdAt
    }
    let revisions = (service.revisions + [current]).sorted { $0.number > $1.number }
    let rows = revisions.map { RevisionRow(revision: $0, standing: standing(of: $0, service)) }
    Terminal.write(
      try Output.render(revisions, rows: rows, format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles))
  }

  private func standing(of revision: Warren_V1_ServiceRevision, _ service: Warren_V1_Service) -> String {
    if revision.number == service.revision { return service.hasRollout ? service.rollout.words : "current" }
    return service.hasRollout && revision.number == service.rollout.fromRevision ? "previous" : ""
  }
}

struct RevisionRow: ListDisplayable {
  static let header = ["REVISION", "STATUS", "IMAGE", "AGE"]
  static let emptyText = "No revisions found"

  let revision: Warren_V1_ServiceRevision
  let standing: String

  var identifier: String { "\(revision.number)" }
  var cells: [String] {
    ["\(revision.number)", standing.isEmpty ? "-" : standing, revision.task.container.image, TimeText.age(of: revision.madeAt)]
  }
}
