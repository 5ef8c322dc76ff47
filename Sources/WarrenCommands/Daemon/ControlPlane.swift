import ClusterModel
import Logging
import Manager
import RaftStorage
import ServiceLifecycle

/// The store with everything that acts on it: what makes a node a manager.
struct ControlPlane: Sendable {
  let store: ClusterStore
  let log: RaftMember
  let dispatcher: Dispatcher
  let loops: ControlLoops

  /// Brings the store to where the log is, and into being a cluster when it is none yet.
  static func start(_ membership: NodeMembership, logger: Logger) async throws -> ControlPlane {
    let store = ClusterStore(now: { .now })
    let log = try await RaftMember.start(storage: membership.storage, stateMachine: store, logger: logger)
    store.attach(to: log)
    try await found(membership, in: store)
    return ControlPlane(
      store: store, log: log, dispatcher: Dispatcher(store: store, logger: logger),
      loops: ControlLoops(store: store, now: { .now }, logger: logger))
  }

  /// Repeatable: a crash between making the log and this is made good by the next start, and a start that changes nothing writes nothing.
  private static func found(_ membership: NodeMembership, in store: ClusterStore) async throws {
    let id = membership.storage.identity.clusterID
    try await store.update { transaction in
      if let cluster = transaction.view.cluster {
        guard cluster.id == id else {
          throw WarrenError(
            .dataLoss,
            "the log is of cluster \(id) but its state of cluster \(cluster.id); put back a copy of the data directory, or start in an empty one")
        }
      } else {
        try transaction.put(Cluster(id: id))
      }
      guard !membership.configuration.runsContainers else { return }
      let node = try membership.configuration.node(stored: transaction.view.node(membership.configuration.nodeID))
      if node != transaction.view.node(node.id) { try transaction.put(node) }
    }
  }
}
