import ArgumentParser
import ClusterModel
import GRPCCore
import OCI
import WarrenAPI

struct ServiceUpdate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change a service, and replace its tasks a few at a time.",
    discussion: example(
      "warren service update web --image nginx:1.27", "warren service update web --env-add LOG=debug --update-parallelism 25%",
      "warren service update web --image nginx:1.28 --plan",
      note: "Only what is given changes. Tasks are replaced when their template changes, or with --force. What follows -- replaces the command."))

  @Argument(help: "Name or id of the service.", completion: .serviceNames) var name: String
  @OptionGroup(title: "Changes") var changes: TemplateChanges
  @OptionGroup(title: "Health") var health: HealthOptions
  @OptionGroup(title: "Updates") var rollouts: RolloutOptions
  @Flag(help: "Replace all tasks though nothing of them changes.") var force = false
  @Flag(help: "Show what would change, task by task, and change nothing.") var plan = false
  @Argument(parsing: .postTerminator, help: ArgumentHelp("Arguments that replace the image's command.", valueName: "command"))
  var command: [String] = []
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  /// Another change in between is not overwritten, but read and added to.
  private static let tries = 5

  func run() async throws {
    try await options.withClient { client in
      for attempt in 1... {
        let old = try ClusterService(wire: try await client.service(name, options.callOptions))
        let spec = try changed(old.spec)
        if plan { return try await show(RolloutPlan(of: old, to: spec, force: force), of: old, client) }
        do {
          return try await update(old, to: spec, client)
        } catch let error where ErrorKind(error) == .conflict && attempt < Self.tries {}
      }
    }
  }

  private func changed(_ old: ServiceSpec) throws -> ServiceSpec {
    var spec = old
    try changes.apply(to: &spec, command: command)
    try health.apply(to: &spec.task)
    try rollouts.apply(to: &spec)
    try spec.validate(checkingImage: ServiceCreate.check)
    return spec
  }

  private func show(_ plan: RolloutPlan, of service: ClusterService, _ client: WarrenClient) async throws {
    let tasks = try await client.allTasks(service: service.id.rawValue, currentOnly: true, options.callOptions)
    Terminal.write(try plan.text(tasks: tasks.map { try ClusterTask(wire: $0) }))
  }

  private func update(_ old: ClusterService, to spec: ServiceSpec, _ client: WarrenClient) async throws {
    var request = Warren_V1_UpdateServiceRequest()
    request.id = old.id.rawValue
    request.version = old.meta.version
    request.spec = spec.wire
    request.force = force
    request.requestID = RequestRecord.ID.random().rawValue
    var service = try await client.call { [request] in try await $0.updateService(request, options: options.callOptions) }.service
    let isRollout = service.hasRollout && service.rollout.startedAt != old.rollout?.startedAt.wire
    if !waiting.detach {
      if isRollout || old.rollout?.state == .running {
        service = try await RolloutWait(client: client, timeout: options.convergenceTimeout).wait(for: service)
      } else if spec.mode != old.spec.mode {
        try await ConvergenceWait(client: client, serviceID: service.id, timeout: options.convergenceTimeout)
          .wait(for: ServiceProgress(name: service.spec.name, goal: .running(replicas: spec.mode.replicas)))
      }
    }
    try report(service, from: old, replaced: isRollout)
  }

  private func report(_ service: Warren_V1_Service, from old: ClusterService, replaced: Bool) throws {
    if format.quiet, format.output == .table { return Terminal.line(service.id) }
    let name = service.spec.name
    let isStaged = service.rollout.state == .staged
    var text = waiting.detach && replaced ? "Update of \(name) has begun\n" : isStaged ? "✓ Update staged: \(name)\n" : "✓ Service updated: \(name)\n"
    if replaced {
      text += "  Revision: \(old.revision) → \(service.revision)\n  Image: \(service.spec.task.container.image)\n" + service.whatNext
    } else {
      text += "  No task had to be replaced\n"
    }
    Terminal.write(try Output.render(service, text: text, format: format.output))
  }
}

extension WarrenClient {
  func service(_ name: String, _ options: CallOptions) async throws -> Warren_V1_Service {
    try await call { try await $0.getService(.with { $0.id = name }, options: options) }.service
  }
}
