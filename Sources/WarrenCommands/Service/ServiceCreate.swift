import ArgumentParser
import ClusterModel
import OCI
import WarrenAPI

struct ServiceCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Declare a service, and wait until it runs.",
    discussion: example(
      "warren service create web --image nginx --replicas 3 --publish 8088:80",
      "warren service create job --image alpine --restart none -- sh -c 'echo hello'",
      note: "Sizes are powers of 1024 (64MiB, 1g), durations like 500ms, 10s or 1m30s. What follows -- replaces the image's command."))

  @Argument(help: "Name of the service: lower-case letters, digits and dashes.") var name: String
  @OptionGroup(title: "Container") var container: ContainerOptions
  @OptionGroup(title: "Placement and policies") var policy: ServicePolicyOptions
  @OptionGroup(title: "Health") var health: HealthOptions
  @OptionGroup(title: "Updates") var rollouts: RolloutOptions
  @Argument(parsing: .postTerminator, help: ArgumentHelp("Arguments that replace the image's command.", valueName: "command"))
  var command: [String] = []
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: OutputOptions

  func validate() throws { try policy.check() }

  /// Everything that was asked for, as one value.
  func spec() throws(WarrenError) -> ServiceSpec {
    var task = TaskSpec(container: container.spec(command: command))
    policy.apply(to: &task)
    try health.apply(to: &task)
    var spec = ServiceSpec(name: name, mode: policy.serviceMode, task: task)
    try rollouts.apply(to: &spec)
    spec.startsAfter = policy.startsAfter
    spec.labels = Dictionary(container.label.map { ($0.key, $0.value) }) { $1 }
    return spec
  }

  func run() async throws {
    let spec = try spec()
    try spec.validate(checkingImage: Self.check)
    try await options.withClient { client in
      var request = Warren_V1_CreateServiceRequest()
      request.spec = spec.wire
      request.requestID = RequestRecord.ID.random().rawValue
      let service = try await client.call { try await $0.createService(request, options: options.callOptions) }.service
      if format.quiet, format.output == .table {
        Terminal.line(service.id)
      } else {
        Terminal.write(try Output.render(service, text: Self.text(service), format: format.output))
      }
      guard !waiting.detach else { return }
      try await ConvergenceWait(client: client, serviceID: service.id, timeout: options.convergenceTimeout)
        .wait(for: ServiceProgress(name: name, goal: .running(replicas: policy.mode == .global ? nil : policy.replicaCount)))
    }
  }

  static func check(image: String) throws(WarrenError) {
    do { _ = try ImageReference(image) } catch {
      throw WarrenError(.invalidArgument, "\(error.message); use for example nginx or registry.local:5000/team/app:1.2")
    }
  }

  /// Scripts of the Go original read these lines: they stay as they are.
  static func text(_ service: Warren_V1_Service) -> String {
    let replicas = service.spec.isGlobal ? "one on every node" : "\(service.spec.replicated.replicas)"
    return """
      ✓ Service created: \(service.spec.name)
        ID: \(service.id)
        Image: \(service.spec.task.container.image)
        Replicas: \(replicas)

      """
  }
}
