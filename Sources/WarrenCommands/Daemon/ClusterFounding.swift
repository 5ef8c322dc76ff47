import ClusterModel
import ClusterSecurity
import Crypto
import Logging
import Manager
import RaftStorage

/// What there has to be for a cluster to be in a store: the cluster itself, its authority, and a certificate of that for this node.
///
/// Repeatable: a crash on the way is made good by the next start, and a start that finds all of it writes nothing. A store of a version that
/// had no authority gets one.
struct ClusterFounding {
  let membership: NodeMembership
  let store: ClusterStore
  let logger: Logger

  private var configuration: DaemonConfiguration { membership.configuration }
  private var cluster: ClusterID { membership.storage.identity.clusterID }
  private var directory: SecurityDirectory { SecurityDirectory(dataDirectory: configuration.dataDirectory) }

  /// - Returns: nil when the node's keys cannot be used. It runs without them then: containers do not wait for what can be repaired later.
  func run() async throws -> NodeCredentials? {
    let hadAuthority = store.view.cluster?.authority != nil
    try await storeCluster(authority: hadAuthority ? nil : newAuthority())
    var own: NodeCredentials?
    do { own = try ownCredentials() } catch  where hadAuthority {
      logger.error("security.unusable", metadata: ["error": "\(error)"])
    }
    return own
  }

  private func newAuthority() throws -> AuthorityRecord {
    let record = try CertificateAuthority.create(cluster: cluster, now: .now).record(sealedWith: directory.sealingKeys())
    let pins = try TrustBundle(record).pins
    logger.info("authority.created", metadata: ["cluster": "\(cluster)", "pin": "\(pins[0])"])
    return record
  }

  private func storeCluster(authority: AuthorityRecord?) async throws {
    try await store.update { transaction in
      var stored = transaction.view.cluster ?? Cluster(id: cluster)
      guard stored.id == cluster else {
        throw WarrenError(
          .dataLoss,
          "the log is of cluster \(cluster) but its state of cluster \(stored.id); put back a copy of the data directory, or start in an empty one")
      }
      if stored.authority == nil { stored.authority = authority }
      stored.lastMemberID = max(stored.lastMemberID, membership.storage.identity.memberID)
      if stored != transaction.view.cluster { try transaction.put(stored) }
    }
  }

  /// What is kept, while it is of this cluster and not due for renewal; else a new certificate, for a new key.
  private func ownCredentials() throws -> NodeCredentials? {
    guard let record = store.view.cluster?.authority else { return nil }
    guard let keys = try directory.keptSealingKeys() else {
      throw WarrenError(.failedPrecondition, "\(directory.sealingKeysFile) is missing; put back a copy of it")
    }
    let authority = try CertificateAuthority(record, cluster: cluster, sealedWith: keys)
    let identity = try NodeIdentity(cluster: cluster, node: configuration.nodeID, role: .manager)
    let kept = try directory.credentials(sealedWith: keys)
    if let kept, kept.identity == identity, kept.trust == authority.trust {
      let schedule = RenewalSchedule(kept.certificate, trust: kept.trust, spread: 0)
      if case .fresh = schedule.state(at: .now) { return kept }
    }
    let key = P256.Signing.PrivateKey()
    let chain = try authority.issue(identity, for: key.publicKey, now: .now)
    let made = try NodeCredentials(chain: chain, key: key, trust: authority.trust)
    try directory.keep(made, sealedWith: keys)
    logger.info("certificate.issued", metadata: ["node": "\(identity.node)", "serial": "\(made.certificate.serialText)"])
    return made
  }
}
