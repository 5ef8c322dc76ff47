import ClusterModel
import ClusterSecurity
package import ClusterTLS
import ServiceLifecycle

/// Cuts the connections of nodes that were removed or joined anew, and of certificates that were revoked, when the store says so.
package struct StandingWatch: Service {
  private let store: ClusterStore
  private let gate: ConnectionGate
  private let trust: StoredTrust

  package init(store: ClusterStore, gate: ConnectionGate) {
    self.store = store
    self.gate = gate
    trust = StoredTrust(store)
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await store.follow(\.isAboutStanding) { _ in cutTheGone() }
    }
  }

  private func cutTheGone() {
    let standing = trust.standing
    gate.cut { peer in
      // A node whose role has changed needs its connection to ask for a certificate that says so.
      do throws(CertificateRefusal) { try standing.check(peer, mayChangeRole: true) } catch { return true }
      return false
    }
  }
}

extension StoreEvent {
  fileprivate var isAboutStanding: Bool {
    changes.contains { change in
      switch change {
      case .cluster(let old, let new): old?.revoked != new?.revoked
      case .node(let old, let new): old?.keys != new?.keys
      default: false
      }
    }
  }
}
