import ArgumentParser
import ClusterModel

/// What `service update` changes of a service; what is not given stays as it is.
struct TemplateChanges: ParsableArguments {
  @Option(name: .shortAndLong, help: "Image to run.", completion: .imageNames) var image: String?
  @Option(
    name: .shortAndLong, parsing: .unconditional, help: "How many replicas to run.", transform: ReplicaCount.parse) var replicas: Int?
  @Option(help: ArgumentHelp("Set an environment variable.", valueName: "key=value"), transform: KeyValue.parseEnvironment) var envAdd: [String] = []
  @Option(help: ArgumentHelp("Remove an environment variable.", valueName: "key")) var envRm: [String] = []
  @Option(help: ArgumentHelp("Label the service.", valueName: "key=value"), transform: ServiceLabel.init(parsing:)) var labelAdd: [ServiceLabel] = []
  @Option(help: ArgumentHelp("Remove a label.", valueName: "key")) var labelRm: [String] = []
  @Option(help: ArgumentHelp("Publish a port: [ip:]host:container[/udp].", valueName: "port"), transform: PortText.parse)
  var publishAdd: [PublishedPort] = []
  @Option(help: ArgumentHelp("Publish the port no more: [ip:]host:container[/udp].", valueName: "port"), transform: PortText.parse)
  var publishRm: [PublishedPort] = []
  @Option(help: ArgumentHelp("Mount from the node, as for create.", valueName: "mount"), transform: MountText.parse) var mountAdd: [Mount] = []
  @Option(help: ArgumentHelp("Remove the mount at this path of the container.", valueName: "path")) var mountRm: [String] = []
  @Option(help: ArgumentHelp("Run only where this holds, too.", valueName: "expression")) var constraintAdd: [String] = []
  @Option(help: ArgumentHelp("Remove a constraint.", valueName: "expression")) var constraintRm: [String] = []
  @Option(parsing: .unconditional, help: ArgumentHelp("The most tasks on one node; 0 for no limit.", valueName: "n")) var maxPerNode: Int?
  @Option(parsing: .unconditional, help: ArgumentHelp("Use at most this many cores; 0 for no limit.", valueName: "cores"), transform: CoreCount.parse)
  var cpus: Int64?
  @Option(
    name: .shortAndLong, parsing: .unconditional, help: ArgumentHelp("Use at most this much memory; 0 for no limit.", valueName: "size"),
    transform: ByteSize.parse)
  var memory: Int64?
  @Option(parsing: .unconditional, help: ArgumentHelp("Cores to set aside on the node.", valueName: "cores"), transform: CoreCount.parse)
  var reserveCpus: Int64?
  @Option(parsing: .unconditional, help: ArgumentHelp("Memory to set aside on the node.", valueName: "size"), transform: ByteSize.parse)
  var reserveMemory: Int64?
  @Option(help: "When to start a container again that ended: any, on-failure or none.") var restart: ServicePolicyOptions.Restart?
  @Option(parsing: .unconditional, help: ArgumentHelp("Give up after this many restarts; 0 for never.", valueName: "n")) var restartMax: Int?
  @Option(parsing: .unconditional, help: ArgumentHelp("Wait before the first restart.", valueName: "duration"), transform: DurationText.parse)
  var restartDelay: Duration?
  @Option(help: ArgumentHelp("Run as this user.", valueName: "user[:group]")) var user: String?
  @Option(help: ArgumentHelp("Working directory in the container.", valueName: "path")) var workdir: String?
  @Option(help: ArgumentHelp("Signal that asks the container to stop.", valueName: "signal"), transform: SignalName.parse) var stopSignal: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Time between the stop signal and SIGKILL.", valueName: "duration"), transform: DurationText.parse)
  var stopTimeout: Duration?

  /// - Throws: `invalidArgument` when there is nothing of what is to be removed, or the service is global and replicas are given.
  func apply(to spec: inout ServiceSpec, command: [String]) throws(WarrenError) {
    if let replicas {
      guard spec.mode.replicas != nil else {
        throw WarrenError(.invalidArgument, "service \(spec.name) is global, one task on every node; leave --replicas out")
      }
      spec.mode = .replicated(replicas: replicas)
    }
    for key in labelRm where spec.labels.removeValue(forKey: key) == nil { throw Self.missing("label", key, spec) }
    for label in labelAdd { spec.labels[label.key] = label.value }
    try change(&spec.task.container, of: spec, command: command)
    try change(&spec.task, of: spec)
  }

  private func change(_ container: inout ContainerSpec, of spec: ServiceSpec, command: [String]) throws(WarrenError) {
    if let image { container.image = image }
    for key in envRm {
      guard container.env.contains(where: { Self.name(of: $0) == key }) else { throw Self.missing("environment variable", key, spec) }
      container.env.removeAll { Self.name(of: $0) == key }
    }
    for variable in envAdd {
      // Where it was, so that the order of the others says nothing new.
      if let index = container.env.firstIndex(where: { Self.name(of: $0) == Self.name(of: variable) }) {
        container.env[index] = variable
      } else {
        container.env.append(variable)
      }
    }
    for path in mountRm {
      guard container.mounts.contains(where: { $0.target == path }) else { throw Self.missing("mount at", path, spec) }
      container.mounts.removeAll { $0.target == path }
    }
    for mount in mountAdd {
      container.mounts.removeAll { $0.target == mount.target }
      container.mounts.append(mount)
    }
    if let user { container.user = user }
    if let workdir { container.workingDirectory = workdir }
    if let stopSignal { container.stopSignal = stopSignal }
    if let stopTimeout { container.stopGrace = stopTimeout }
    if !command.isEmpty { container.args = command }
  }

  private func change(_ task: inout TaskSpec, of spec: ServiceSpec) throws(WarrenError) {
    for port in publishRm {
      guard task.ports.contains(port) else { throw Self.missing("published port", PortText.format(port), spec) }
      task.ports.removeAll { $0 == port }
    }
    for port in publishAdd where !task.ports.contains(port) { task.ports.append(port) }
    for constraint in constraintRm {
      guard task.placement.constraints.contains(constraint) else { throw Self.missing("constraint", constraint, spec) }
      task.placement.constraints.removeAll { $0 == constraint }
    }
    for constraint in constraintAdd where !task.placement.constraints.contains(constraint) { task.placement.constraints.append(constraint) }
    if let maxPerNode { task.placement.maxPerNode = maxPerNode }
    if let cpus { task.limits.nanoCPUs = cpus }
    if let memory { task.limits.memoryBytes = memory }
    if let reserveCpus { task.reservations.nanoCPUs = reserveCpus }
    if let reserveMemory { task.reservations.memoryBytes = reserveMemory }
    if let restart { task.restart.condition = restart.value }
    if let restartMax { task.restart.maxAttempts = restartMax }
    if let restartDelay { task.restart.delay = restartDelay }
  }

  private static func name(of variable: String) -> Substring { variable.prefix { $0 != "=" } }

  private static func missing(_ what: String, _ name: String, _ spec: ServiceSpec) -> WarrenError {
    WarrenError(.invalidArgument, "service \(spec.name) has no \(what) \(name); see 'warren service inspect \(spec.name)'")
  }
}
