import ClusterModel
import Logging
import Manager
import RaftStorage
import Security
import ServiceLifecycle

/// The store with everything that acts on it: what makes a node a manager.
struct ControlPlane: Sendable {
  let store: ClusterStore
  let log: RaftMember
  let dispatcher: Dispatcher
  let loops: ControlLoops
  /// Nil when this node has none, which the log says the reason of.
  let credentials: NodeCredentials?

  /// Brings the store to where the log is, and into being a cluster when it is none yet.
  static func start(_ membership: NodeMembership, logger: Logger) async throws -> ControlPlane {
    let store = ClusterStore(now: { .now })
    let log = try await RaftMember.start(storage: membership.storage, stateMachine: store, logger: logger)
    store.attach(to: log)
    let credentials = try await ClusterFounding(membership: membership, store: store, logger: logger).run()
    return ControlPlane(
      store: store, log: log, dispatcher: Dispatcher(store: store, logger: logger),
      loops: ControlLoops(store: store, now: { .now }, logger: logger), credentials: credentials)
  }
}
