package import ClusterModel
import GRPCCore
import Logging
import WarrenAPI

/// `warren.v1.WarrenAPI` as a manager serves it. One file per noun holds the calls.
package struct ManagerAPI: Warren_V1_WarrenAPI.SimpleServiceProtocol {
  /// Who serves.
  package struct Identity: Sendable {
    package var node: NodeID
    /// `host:port` as others dial it.
    package var raftAddress: String
    package var version: String

    package init(node: NodeID, raftAddress: String, version: String) {
      self.node = node
      self.raftAddress = raftAddress
      self.version = version
    }
  }

  let store: ClusterStore
  let log: any ReplicatedLog
  let identity: Identity
  /// How the managers stand with one another.
  let overview: @Sendable () -> RaftOverview
  /// The worker in this process; nil on a machine that is manager only.
  let localNode: (any NodeOperations)?
  /// The workers with a session here.
  let workers: ConnectedWorkers
  /// Nil for a manager that takes in no nodes.
  let nodes: NodeAdmission?
  let common: CommonSettings?
  let newServiceID: @Sendable () -> ServiceID

  package init(
    store: ClusterStore, log: any ReplicatedLog, overview: @escaping @Sendable () -> RaftOverview = { .alone }, identity: Identity,
    localNode: (any NodeOperations)?,
    workers: ConnectedWorkers = ConnectedWorkers(), nodes: NodeAdmission? = nil, common: CommonSettings? = nil,
    newServiceID: @escaping @Sendable () -> ServiceID = { .random() }
  ) {
    self.store = store
    self.log = log
    self.identity = identity
    self.overview = overview
    self.localNode = localNode
    self.workers = workers
    self.nodes = nodes
    self.common = common
    self.newServiceID = newServiceID
  }

  /// Everything that was acknowledged anywhere before the call is in it, unless the caller does not ask for that.
  func currentView() async throws -> StoreView {
    if !ReadConsistency.mayBeStale { _ = try await log.readBarrier() }
    return store.view
  }

  /// The node that a task's logs or shell are asked of.
  func operations(on node: NodeID, for purpose: String) throws(WarrenError) -> any NodeOperations {
    if node == identity.node, let localNode { return localNode }
    if let remote = workers.operations(on: node) { return remote }
    throw WarrenError(.unavailable, "node \(node) cannot be reached from \(identity.node); \(purpose) is there; ask on that node")
  }

}
