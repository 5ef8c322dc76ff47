import ClusterModel
import ClusterSecurity
import Logging
import Manager
import ServiceLifecycle

/// Keeps what the store says of this manager true: where it is reached, what machine it is on, which member of Raft it is.
struct NodeAnnouncement: Service {
  let configuration: DaemonConfiguration
  let member: UInt64
  let store: ClusterStore
  let logger: Logger

  /// Writes nothing when nothing has changed.
  /// - Parameter keys: of the certificates this node uses; nil when it does not know better than the store.
  func store(keys: [String]? = nil) async throws {
    try await store.update { transaction in
      let stored = transaction.view.node(configuration.nodeID)
      // One that is no manager any more, or another member by now, has nothing to say; it finds out soon.
      if let stored, !stored.isLastingManager || stored.memberID > member { return }
      var node = try configuration.node(stored: stored)
      // One that runs containers is there once its worker has a session.
      if configuration.runsContainers { (node.state, node.message) = (stored?.state ?? .down, stored?.message ?? "") }
      node.memberID = member
      if let keys, !keys.allSatisfy(node.keys.contains) {
        node.keys = keys
        node.authority = (try transaction.view.cluster?.authority.map { try TrustBundle($0) })?.pins.first?.text ?? ""
      }
      if node != stored { try transaction.put(node) }
    }
  }

  /// Until it is stored, which takes a leader.
  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        do {
          try await store()
          break
        } catch is CancellationError {
          throw CancellationError()
        } catch {
          logger.debug("node.not-announced", metadata: ["reason": "\(error)"])
          // What is stored waits for a leader by itself; this is for what is refused at once.
          try await Task.sleep(for: .seconds(1))
        }
      }
    }
    try? await gracefulShutdown()
  }
}
