package import ClusterModel

/// Why a presented certificate is nobody's identity.
package enum CertificateRefusal: Error, Sendable, Equatable {
  case missing
  /// Not a certificate, or more and larger ones than anyone needs.
  case malformed(String)
  /// No way from it to a root of this cluster. `claims` is what it says of itself, which proves nothing.
  case untrusted(claims: NodeIdentity?, issuer: String)
  case expired(NodeIdentity, at: Timestamp, now: Timestamp)
  case notYetValid(NodeIdentity, from: Timestamp, now: Timestamp)
  /// It is of this cluster's authority, but not one of a node or admin.
  case notAnIdentity(String)
  /// A client's where a server's is needed, or the other way round.
  case wrongPurpose(NodeIdentity)
  case foreignCluster(NodeIdentity, ClusterID)
  case revoked(NodeIdentity, serial: String)
  /// The node is not (or no more) of the cluster.
  case unknownNode(NodeIdentity)
  /// The cluster remembers that it removed the node.
  case removed(NodeIdentity)
  /// The node has joined anew since, with another key.
  case replaced(NodeIdentity)
  /// The node's role is another by now.
  case roleChanged(NodeIdentity)

  /// What happened, why, and what to do next; without secrets, fit for both sides.
  package var message: String {
    switch self {
    case .missing: "no certificate was shown; this needs one; join the cluster, or import a context"
    case .malformed(let what): "the certificate shown is not usable; \(what); join again, or import the context again"
    case .untrusted(let claims?, let issuer):
      "the certificate shown is not of this cluster; it says \(claims) of cluster \(claims.cluster) and is signed by \(issuer.quoted), "
        + "which is not trusted here; join this cluster, or reach the other one"
    case .untrusted(nil, let issuer):
      "the certificate shown is not of this cluster; it is signed by \(issuer.quoted), which is not trusted here; join this cluster"
    case .expired(let identity, let end, let now):
      "the certificate of \(identity) has run out; it was valid until \(end.text) and it is \(now.text) here; "
        + "renew it, join again, or set the clocks right"
    case .notYetValid(let identity, let start, let now):
      "the certificate of \(identity) is not valid yet; it is from \(start.text) on and it is \(now.text) here: "
        + "the clocks are at least \(ClockDifference.amount(start - now)) apart; set them right"
    case .notAnIdentity(let what): "the certificate shown names nobody; \(what); join the cluster, or import a context"
    case .wrongPurpose(let identity): "the certificate of \(identity) is not made for this side of a connection; reach a manager with it"
    case .foreignCluster(let identity, let cluster):
      "the certificate of \(identity) is of cluster \(identity.cluster), this is cluster \(cluster); reach the other one"
    case .revoked(let identity, let serial): "certificate \(serial) of \(identity) was revoked; ask an administrator for another"
    case .unknownNode(let identity):
      "\(identity) is no node of the cluster; it was removed, or never joined; join with a token of 'warren cluster join-token'"
    case .removed(let identity):
      "\(identity) was removed from the cluster; to have this machine back, join it anew with a token of 'warren cluster join-token'"
    case .replaced(let identity):
      "another machine is \(identity) by now; it joined under this name with a key of its own; join under another name (--node-id)"
    case .roleChanged(let identity): "\(identity.node) is no \(identity.role.rawValue) any more; renew its certificate"
    }
  }

  package var error: WarrenError {
    if case .removed = self { return WarrenError(.unauthenticated, message, reason: .nodeRemoved) }
    return WarrenError(.unauthenticated, message)
  }
}
