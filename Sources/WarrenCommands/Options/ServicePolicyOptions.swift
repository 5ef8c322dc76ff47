import ArgumentParser
import ClusterModel

/// How many of a service run, where, with how much, and what happens when one ends.
struct ServicePolicyOptions: ParsableArguments {
  enum Mode: String, Choice { case replicated, global }
  enum Network: String, Choice { case bridge, host }
  enum Restart: String, Choice {
    case any
    case onFailure = "on-failure"
    case none

    var value: RestartPolicy.Condition {
      switch self {
      case .any: .any
      case .onFailure: .onFailure
      case .none: .none
      }
    }
  }

  @Option(name: .shortAndLong, parsing: .unconditional, help: "How many replicas to run (default: 1).", transform: ReplicaCount.parse) var replicas:
    Int?
  @Option(help: "replicated, or global for one on every node.") var mode = Mode.replicated
  @Option(
    name: .shortAndLong, help: ArgumentHelp("Publish a port on the node: [ip:]host:container[/udp].", valueName: "port"), transform: PortText.parse)
  var publish: [PublishedPort] = []
  @Option(help: "bridge, or host to share the node's network.") var network = Network.bridge
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Use at most this many cores, for example 0.5.", valueName: "cores"), transform: CoreCount.parse)
  var cpus: Int64 = 0
  @Option(
    name: .shortAndLong, parsing: .unconditional, help: ArgumentHelp("Use at most this much memory, for example 64MiB.", valueName: "size"),
    transform: ByteSize.parse)
  var memory: Int64 = 0
  @Option(parsing: .unconditional, help: ArgumentHelp("Cores to set aside on the node.", valueName: "cores"), transform: CoreCount.parse)
  var reserveCpus: Int64 = 0
  @Option(parsing: .unconditional, help: ArgumentHelp("Memory to set aside on the node.", valueName: "size"), transform: ByteSize.parse)
  var reserveMemory: Int64 = 0
  @Option(parsing: .unconditional, help: ArgumentHelp("The most processes in a container (default: 4096).", valueName: "n")) var pidsLimit: Int?
  @Option(help: ArgumentHelp("Run only where this holds, for example node.labels.zone==a.", valueName: "expression")) var constraint: [String] = []
  @Option(parsing: .unconditional, help: ArgumentHelp("The most tasks on one node (default: no limit).", valueName: "n")) var maxPerNode: Int?
  @Option(help: "When to start a container again that ended: any, on-failure or none.") var restart = Restart.any
  @Option(parsing: .unconditional, help: ArgumentHelp("Give up after this many restarts (default: never).", valueName: "n")) var restartMax: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Wait before the first restart; doubles up to 60s (default: 1s).", valueName: "duration"),
    transform: DurationText.parse)
  var restartDelay: Duration = .seconds(1)
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Forget restarts older than this (default: never).", valueName: "duration"),
    transform: DurationText.parse)
  var restartWindow: Duration = .zero

  @Option(
    help: ArgumentHelp("Start for the first time when this service is up.", valueName: "name"), completion: .serviceNames)
  var startsAfter: [String] = []

  var replicaCount: Int { replicas ?? 1 }
  var serviceMode: ServiceSpec.Mode { mode == .global ? .global : .replicated(replicas: replicaCount) }

  /// What no single value shows.
  func check() throws {
    if mode == .global, replicas != nil {
      throw ValidationError("--replicas has no meaning with --mode global, which runs one on every node; leave one of the two out")
    }
  }

  func apply(to task: inout TaskSpec) {
    task.limits = Resources(nanoCPUs: cpus, memoryBytes: memory)
    task.reservations = Resources(nanoCPUs: reserveCpus, memoryBytes: reserveMemory)
    task.restart.condition = restart.value
    task.restart.maxAttempts = restartMax ?? 0
    task.restart.delay = restartDelay
    task.restart.window = restartWindow
    task.placement.constraints = constraint
    task.placement.maxPerNode = maxPerNode ?? 0
    task.network = network == .host ? .host : .bridge
    task.ports = publish
    task.pidsLimit = pidsLimit ?? 0
  }
}
