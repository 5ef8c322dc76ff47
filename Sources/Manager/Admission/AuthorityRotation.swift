package import ClusterModel
import ClusterSecurity
package import Logging
import ServiceLifecycle

/// Replacing the cluster's authority: begun by a person, ended by the leader when every node has a certificate of the new one.
package struct AuthorityRotation: Service {
  /// How far it is.
  package struct State: Sendable, Equatable {
    /// Of the authority that signs now.
    package var pin: String
    package var isUnderWay: Bool
    /// Nodes that have no certificate of it yet.
    package var waitingFor: [NodeID]

    /// - Throws: `failedPrecondition` when the cluster has no authority.
    package init(_ view: StoreView) throws(WarrenError) {
      guard let record = view.cluster?.authority else { throw NodeAdmission.noAuthority }
      let trust = try TrustBundle(record)
      let pin = trust.pins[0].text
      self.pin = pin
      isUnderWay = trust.isRotating
      waitingFor = isUnderWay ? view.nodes.filter { !$0.keys.isEmpty && $0.authority != pin }.map(\.id).sorted() : []
    }
  }

  private let store: ClusterStore
  private let log: any ReplicatedLog
  private let logger: Logger

  package init(store: ClusterStore, log: any ReplicatedLog, logger: Logger) {
    self.store = store
    self.log = log
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await store.follow(\.isAboutRotation) { _ in await finishIfDone() }
    }
  }

  /// What fails here is tried again with the next change, or by the next leader.
  private func finishIfDone() async {
    guard log.leadership.isLeader, let state = try? State(store.view), state.isUnderWay, state.waitingFor.isEmpty else { return }
    do {
      try await store.update { transaction in
        let state = try State(transaction.view)
        guard state.isUnderWay, state.waitingFor.isEmpty, var cluster = transaction.view.cluster, let record = cluster.authority else { return }
        cluster.authority = AuthorityRecord(roots: [record.roots[0]], links: [], sealedKey: record.sealedKey)
        try transaction.put(cluster)
      }
      logger.info("authority.replaced", metadata: ["pin": "\(state.pin)"])
    } catch {
      logger.warning("authority.not-replaced", metadata: ["error": "\(error)"])
    }
  }
}

extension NodeAdmission {
  /// From now on certificates are signed by a new authority, and those of the old one count until all nodes have one of the new.
  /// - Throws: `failedPrecondition` while that is under way.
  package func rotateAuthority() async throws {
    let keys = try sealingKeys()
    try await store.update { transaction in
      guard var cluster = transaction.view.cluster else { throw Self.noAuthority }
      cluster.authority = try Self.authority(in: transaction.view, keys).rotated(now: now()).record(sealedWith: keys)
      try transaction.put(cluster)
    }
  }
}

extension StoreEvent {
  fileprivate var isAboutRotation: Bool { changes.contains { $0.kind == .node || $0.kind == .cluster } }
}
