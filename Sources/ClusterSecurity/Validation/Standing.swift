package import ClusterModel
import X509

/// What the store says of those who hold certificates. A certificate is valid for months; this is asked at every call.
package struct Standing: Sendable {
  package struct Node: Sendable, Equatable {
    package var roles: Set<ClusterNode.Role>
    /// Fingerprints of the keys whose certificates are the node's.
    package var keys: [String]

    package init(_ node: ClusterNode) {
      roles = node.roles
      keys = node.keys
    }
  }

  private let revoked: Set<String>
  private let removedKeys: Set<String>
  private let restoration: Cluster.Restoration?
  private let node: @Sendable (NodeID) -> Node?

  /// - Parameters:
  ///   - restoration: which certificates the store cannot know.
  ///   - node: nil for one that is not of the cluster, or was removed.
  package init(
    revoked: [RevokedCertificate], removedKeys: [String] = [], restoration: Cluster.Restoration? = nil, node: @escaping @Sendable (NodeID) -> Node?
  ) {
    self.revoked = Set(revoked.map(\.serial))
    self.removedKeys = Set(removedKeys)
    self.restoration = restoration
    self.node = node
  }

  /// - Parameter mayChangeRole: let a node through whose role is another by now, for the renewal that says so.
  /// - Throws: why the holder is nobody here though the certificate is valid.
  package func check(_ peer: VerifiedCertificate, mayChangeRole: Bool = false) throws(CertificateRefusal) {
    if revoked.contains(peer.serial) { throw .revoked(peer.identity, serial: peer.serial) }
    if peer.identity.role == .admin { return }
    if removedKeys.contains(peer.keyFingerprint) { throw .removed(peer.identity) }
    guard let node = node(peer.identity.node) else { throw .unknownNode(peer.identity) }
    guard node.keys.contains(peer.keyFingerprint) || isFromTheGap(peer) else { throw .replaced(peer.identity) }
    // A manager that runs containers has a manager's certificate; a worker's is for those that are nothing else.
    let isManager = node.roles.contains(.manager)
    guard mayChangeRole || isManager == (peer.identity.role == .manager) else { throw .roleChanged(peer.identity) }
  }

  /// Whether a worker's certificate was issued after the backup was made that the cluster was restored from: its key was stored then, and
  /// forgotten by the restoration.
  private func isFromTheGap(_ peer: VerifiedCertificate) -> Bool {
    guard let restoration, peer.identity.role == .worker else { return false }
    let issued = Timestamp(peer.certificate.notValidBefore) + CertificateAuthority.clockTolerance
    return issued >= restoration.from && issued <= restoration.at
  }
}

extension Cluster {
  /// With one more certificate that counts no more; without those that have run out.
  package func revoking(_ certificate: RevokedCertificate, now: Timestamp) -> Cluster {
    var cluster = self
    cluster.revoked.removeAll { $0.expiresAt < now || $0.serial == certificate.serial }
    cluster.revoked.append(certificate)
    return cluster
  }
}
