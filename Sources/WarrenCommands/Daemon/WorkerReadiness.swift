import ClusterModel
import ClusterSecurity
import Logging
import ServiceLifecycle
import Worker

/// Says that the worker works: it knows what it runs and holds a session, or goes on without one.
struct WorkerReadiness: Service {
  /// How long a session is waited for: a worker whose managers are away works all the same.
  private static let patience = Duration.seconds(3)

  let agent: Agent
  let session: NetworkSession
  let identity: NodeIdentity
  let isNew: Bool
  let logger: Logger

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown { try await untilConnected() }
    } catch  where Task.isShuttingDownGracefully {
      return
    }
    let manager = await agent.isConnected ? await session.manager : nil
    Terminal.write(Self.message(identity, isNew: isNew, manager: manager))
    logger.info("daemon.ready", metadata: ["manager": "\(manager ?? "none")"])
    Memory.trim()
    try? await gracefulShutdown()
  }

  static func message(_ identity: NodeIdentity, isNew: Bool, manager: String?) -> String {
    """
    ✓ \(isNew ? "Worker joined the cluster" : "Worker resumed"): \(identity.node)
      Cluster ID: \(identity.cluster)
      Node ID: \(identity.node)
      Manager: \(manager ?? "none can be reached now; what runs here goes on, and they are tried again")

    """
  }

  private func untilConnected() async throws {
    // Looked at instead of waited for: it is over in a few rounds, once in the life of a process.
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end, await !agent.isConnected { try await Task.sleep(for: .milliseconds(10)) }
  }
}
