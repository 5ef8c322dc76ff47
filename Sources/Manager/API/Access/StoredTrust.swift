import ClusterModel
package import ClusterSecurity
import NIOConcurrencyHelpers

/// Whom the cluster's state says to believe now.
package final class StoredTrust: Sendable {
  private let store: ClusterStore
  /// What was read last, with what it was read from.
  private let parsed = NIOLockedValueBox<(record: AuthorityRecord, trust: TrustBundle)?>(nil)

  package init(_ store: ClusterStore) { self.store = store }

  /// Nil while the store has no authority, or one that cannot be read.
  package var trust: TrustBundle? {
    guard let record = store.view.cluster?.authority else { return nil }
    return parsed.withLockedValue { parsed in
      if let parsed, parsed.record == record { return parsed.trust }
      guard let trust = try? TrustBundle(record) else { return nil }
      parsed = (record, trust)
      return trust
    }
  }

  package var verifier: CertificateVerifier? {
    guard let cluster = store.view.cluster?.id, let trust else { return nil }
    return CertificateVerifier(cluster: cluster, roots: trust.roots)
  }

  package var standing: Standing { store.view.standing }
}

extension StoreView {
  /// What it says of those who hold certificates.
  var standing: Standing {
    Standing(revoked: cluster?.revoked ?? [], removedKeys: cluster?.removedKeys ?? [], restoration: cluster?.restoration) {
      node($0).map(Standing.Node.init)
    }
  }
}
