package import ClusterModel

/// Decides who gets a certificate of the cluster. What it says yes to, `CertificateAuthority.issue` signs, and `keys` goes into the node's
/// record in the same transaction.
package struct Admission: Sendable {
  /// A yes.
  package struct Grant: Sendable {
    package var identity: NodeIdentity
    package var request: CertificateRequest
    /// `ClusterNode.keys` from now on.
    package var keys: [String]
  }

  let cluster: ClusterID
  let pins: [AuthorityPin]
  let now: Timestamp

  package init(cluster: ClusterID, trust: TrustBundle, now: Timestamp) {
    self.cluster = cluster
    pins = trust.pins
    self.now = now
  }

  /// A stranger with a token.
  ///
  /// The same node may ask again with the same key: the answer may have been lost. Under a name that is taken, another key gets nothing.
  /// - Parameters:
  ///   - roles: what the node wants to be.
  ///   - stored: the node of that name, if there is one.
  ///   - removedKeys: of nodes that were removed. A request of theirs that is played again does not bring them back.
  package func join(
    token text: String, request der: [UInt8], node: NodeID, roles: Set<ClusterNode.Role>, tokens: JoinTokens, stored: ClusterNode?,
    removedKeys: [String] = []
  ) throws(WarrenError) -> Grant {
    let role: ClusterNode.Role = roles.contains(.manager) ? .manager : .worker
    try tokens.check(JoinSecret(text), for: role, pins: pins, now: now)
    let request = try request(der, of: node)
    if removedKeys.contains(request.keyFingerprint) {
      throw WarrenError(
        .permissionDenied, "the key that node \(node) asks with is one of a node that was removed; let it make another: empty its data directory")
    }
    if let stored, !stored.keys.contains(request.keyFingerprint) {
      throw WarrenError(
        .alreadyExists,
        "there is a node \(node) in the cluster already; a machine with another key has that name; "
          + "choose another with --node-id, or if that one is gone for good, remove it first: warren node remove \(node)")
    }
    return Grant(
      identity: try NodeIdentity(cluster: cluster, node: node, role: role == .manager ? .manager : .worker), request: request,
      keys: stored?.keys ?? [request.keyFingerprint])
  }

  /// A node that has a certificate, also one that ran out within `RenewalSchedule.grace`: the handshake in which it was shown has proved its key.
  ///
  /// The new certificate is for the same node, in the role that it has in the store now.
  package func renew(_ peer: VerifiedCertificate, request der: [UInt8], stored: ClusterNode?, standing: Standing) throws(WarrenError) -> Grant {
    guard peer.identity.role != .admin else {
      throw WarrenError(
        .permissionDenied,
        "the certificate of \(peer.identity) is not renewed; only nodes' are; export a new context on a manager: warren context export")
    }
    do { try standing.check(peer, mayChangeRole: true) } catch { throw error.error }
    guard let stored else { throw CertificateRefusal.unknownNode(peer.identity).error }
    let request = try request(der, of: peer.identity.node)
    // The one it has is good until it uses the new one.
    var keys = [request.keyFingerprint]
    if !keys.contains(peer.keyFingerprint) { keys.append(peer.keyFingerprint) }
    return Grant(
      identity: try NodeIdentity(cluster: cluster, node: stored.id, role: stored.roles.contains(.manager) ? .manager : .worker), request: request,
      keys: keys)
  }

  private func request(_ der: [UInt8], of node: NodeID) throws(WarrenError) -> CertificateRequest {
    let request = try CertificateRequest(der: der)
    guard request.node == node else {
      throw WarrenError(
        .permissionDenied, "the certificate request is of \(request.node.rawValue.quoted), not of \(node); a node can only ask for its own")
    }
    return request
  }
}
