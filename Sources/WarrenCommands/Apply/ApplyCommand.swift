import ArgumentParser
import ClusterModel
import GRPCCore
import Glibc
import WarrenAPI

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make services what files say, all in one step, and wait until they are.",
    discussion: example(
      "warren apply -f web.yaml", "warren apply -f services/ --dry-run", "warren apply -f compose.yaml --ignore-unsupported",
      note: "A document is one service, with the options of 'service create' as its keys: name: web, image: nginx, publish: [\"8080:80\"]; or a "
        + "Compose file. What it leaves out has its default. What is so already is not touched; services that no file names stay as they are."))

  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: ArgumentHelp(
      "File with one or more services, a directory with such files (.yaml, .yml, .json), or - for standard input.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml", "json"]), transform: PathText.parse)
  var files: [String]
  @Flag(help: "Show what would change, and change nothing.") var dryRun = false
  @Flag(help: "Leave out what of a Compose file has no counterpart in Warren.") var ignoreUnsupported = false
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  /// Another change in between is not overwritten, but read and decided on anew.
  private static let tries = 5

  func run() async throws {
    let declared = try declaredServices()
    try await options.withClient { client in
      for attempt in 1... {
        var plan = ApplyPlan(declared)
        for name in plan.names { try plan.found(try await client.serviceIfAny(name, options.callOptions), named: name) }
        do {
          if dryRun { return try await show(plan, client) }
          return try await apply(plan, client)
        } catch let error where ErrorKind(error) == .conflict && attempt < Self.tries {}
      }
    }
  }

  /// - Throws: `invalidArgument` when anything is wrong with the files.
  private func declaredServices() throws -> [ServiceSpec] {
    let reader = DocumentReader(environment: { name in getenv(name).map { String(cString: $0) } }, readFile: ApplyFiles.text(of:))
    let set: DocumentSet
    do { set = try reader.read(try ApplyFiles.read(files)) } catch let error as DocumentError { throw error.asWarrenError }
    for warning in set.warnings { Terminal.note(TextTable.singleLine("warning: \(warning)")) }
    for item in set.unsupported { Terminal.note(TextTable.singleLine("\(ignoreUnsupported ? "warning: left out: " : "")\(item)")) }
    if !set.unsupported.isEmpty, !ignoreUnsupported {
      let count = set.unsupported.count
      throw WarrenError(
        .invalidArgument,
        "\(count == 1 ? "one thing has" : "\(count) things have") no counterpart in Warren; nothing was changed; "
          + "leave \(count == 1 ? "it" : "them") out, or apply the rest with --ignore-unsupported")
    }
    return set.services.map(\.spec)
  }

  private func show(_ plan: ApplyPlan, _ client: WarrenClient) async throws {
    let services = try await send(plan, client)
    if format.output != .table || format.quiet { return try write(services) }
    for change in plan.changes {
      var tasks: [ClusterTask] = []
      if let old = change.old {
        tasks = try await client.allTasks(service: old.id.rawValue, currentOnly: true, options.callOptions).map { try ClusterTask(wire: $0) }
      }
      Terminal.write(try change.description(tasks: tasks))
    }
  }

  private func apply(_ plan: ApplyPlan, _ client: WarrenClient) async throws {
    let services = plan.changesAnything ? try await send(plan, client) : plan.changes.compactMap(\.answer)
    let results = zip(plan.changes, services).map { ApplyResult(change: $0, service: $1) }
    let isText = format.output == .table && !format.quiet
    if !isText { try write(services) }
    // One whose tasks are replaced is not yet what it is to be.
    if isText {
      for result in results where waiting.detach || result.isThere || !result.isRolling { Terminal.line(result.line(isOver: !waiting.detach)) }
    }
    if waiting.detach { return }
    try await ApplyWait(client: client, timeout: options.convergenceTimeout).wait(for: results.filter { !$0.isThere }) { result in
      if isText, result.isRolling { Terminal.line(result.line(isOver: true)) }
    }
  }

  private func send(_ plan: ApplyPlan, _ client: WarrenClient) async throws -> [Warren_V1_Service] {
    var request = Warren_V1_ApplyServicesRequest()
    request.changes = plan.changes.map { change in
      .with {
        $0.spec = change.wanted.wire
        $0.version = change.old?.meta.version ?? 0
      }
    }
    request.requestID = RequestRecord.ID.random().rawValue
    request.dryRun = dryRun
    return try await client.call { [request] in try await $0.applyServices(request, options: options.callOptions) }.services
  }

  private func write(_ services: [Warren_V1_Service]) throws {
    Terminal.write(try Output.render(services, rows: services.map(ServiceRow.init), format: format.output, quiet: format.quiet))
  }
}

extension WarrenClient {
  /// - Parameter name: without regard to case.
  fileprivate func serviceIfAny(_ name: String, _ options: CallOptions) async throws -> Warren_V1_Service? {
    do { return try await service(name, options) } catch let error where ErrorKind(error) == .notFound { return nil }
  }
}
