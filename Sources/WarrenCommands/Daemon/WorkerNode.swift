import ClusterModel
import Containerd
import HostNetwork
import Logging
import OCI
import ServiceLifecycle
import Worker

/// The part of a node that runs containers: containerd, the node's network, and the agent that drives both.
struct WorkerNode: Service {
  let operations: WorkerOperations
  let agent: Agent
  let client: ContainerdClient
  private let containerd: ContainerdDaemon
  private let containers: Containers
  /// Held as long as this node runs.
  private let bridge: BridgeClaim?

  /// - Parameters:
  ///   - keys: fingerprints of the node's own, for its registration.
  ///   - member: its number among the members of Raft, if it is a manager, too.
  ///   - session: the way to the managers.
  /// - Throws: when no containerd is found and none can be started.
  init(
    _ configuration: DaemonConfiguration, of cluster: ClusterID, bridge: BridgeClaim?, keys: [String], member: UInt64 = 0,
    environment: Environment = .process,
    journal: Worker.Journal, session: any ManagerSession, logger: Logger
  ) async throws {
    self.bridge = bridge
    let data = configuration.dataDirectory
    let nodeID = configuration.nodeID
    var daemon = ContainerdDaemon.Configuration(directory: "\(data)/containerd", searchPath: Self.searchPath(environment))
    daemon.socketPath = configuration.containerdAddress
    containerd = try await ContainerdDaemon.find(daemon, logger: logger)
    client = try ContainerdClient(socketPath: containerd.socketPath, namespace: configuration.containerdNamespace, logger: logger)
    containers = Containers(
      client: client,
      configuration: ContainerConfiguration(
        logDriver: try Self.ownProgram(), runDirectory: "/run/warren/exec/\(cluster)-\(nodeID)"))
    var registry = RegistryConfiguration(dockerConfigPath: Self.dockerConfig(environment))
    registry.proxies = ProxySettings { environment[$0] }
    let images = ImageStore(
      client: client, registry: registry,
      owner: "\(cluster)/\(nodeID)", logger: logger)
    let network = NodeNetwork(configuration: try configuration.network(), logger: logger)
    let runtime = ContainerdRuntime(
      configuration: .init(cluster: cluster, node: nodeID, dataDirectory: data), client: client, containers: containers,
      images: images, network: network, logger: logger)
    var node = try configuration.node()
    node.keys = keys
    node.memberID = member
    agent = Agent(
      configuration: .init(node: node), runtime: runtime, session: session, journal: journal, now: { .now }, logger: logger)
    operations = WorkerOperations(agent: agent, runtime: runtime)
  }

  /// What the worker remembers, opened before the node is made: its session looks into it, too.
  static func journal(_ configuration: DaemonConfiguration, logger: Logger) async throws -> Worker.Journal {
    try await Worker.Journal.recovering(path: "\(configuration.dataDirectory)/worker.sqlite", logger: logger)
  }

  /// Until shut down. Containers live on; a containerd of our own is stopped, and started again with the next start.
  func run() async throws {
    containers.cleanUp()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await containerd.run() }
      group.addTask { await client.run() }
      group.addTask { try await agent.run() }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// What must be well for this node to run containers.
  var healthChecks: [SelfCheck] {
    [
      SelfCheck("containerd") { [client] in _ = try await client.version() },
      SelfCheck("session") { [agent] in
        guard await agent.isConnected else { throw WarrenError(.unavailable, "the worker has no session to a manager; see the log") }
      },
    ]
  }

  /// For containerd's shims, which start this program to write a container's log.
  private static func ownProgram() throws -> String {
    guard let path = DaemonSocket.target(of: "/proc/self/exe") else {
      throw WarrenError(.failedPrecondition, "/proc/self/exe does not say where this program is; mount /proc")
    }
    return path
  }

  private static func searchPath(_ environment: Environment) -> [String] {
    let given = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let usual = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return given + usual.filter { !given.contains($0) }
  }

  private static func dockerConfig(_ environment: Environment) -> String {
    environment["DOCKER_CONFIG"].map { "\($0)/config.json" } ?? "\(environment["HOME"] ?? "/root")/.docker/config.json"
  }
}
