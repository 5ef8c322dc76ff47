package import ClusterModel

/// Who calls a method of the API.
package enum Caller: Sendable, Equatable {
  /// Nobody that is known: no certificate, or one that was not verified.
  case stranger
  /// Root on a manager's own machine, through the unix socket.
  case local
  case peer(VerifiedCertificate)
  /// Somebody whose call another manager passes on.
  case forwarded(NodeIdentity, by: NodeIdentity)

  /// The metadata key under which a manager passes on whose call it is.
  package static let forwardedKey = "warren-forwarded-for"
  /// In place of an identity: a call of somebody who has none.
  private static let forwardedStranger = "stranger"

  /// - Parameters:
  ///   - peer: nil when the connection showed no certificate that could be verified.
  ///   - forwarded: the metadata's values of `forwardedKey`.
  /// - Throws: `permissionDenied` when anyone but a manager says that it calls for somebody else.
  package init(peer: VerifiedCertificate?, forwarded: [String]) throws(WarrenError) {
    guard !forwarded.isEmpty else {
      self = peer.map { .peer($0) } ?? .stranger
      return
    }
    guard let peer, peer.identity.role == .manager, peer.expiredAt == nil else {
      throw WarrenError(
        .permissionDenied,
        "\(peer.map { "\($0.identity)" } ?? "a stranger") cannot call for somebody else; only managers pass calls on; call with your own certificate")
    }
    if forwarded == [Self.forwardedStranger] {
      self = .stranger
      return
    }
    guard forwarded.count == 1, let identity = forwarded.first.flatMap({ NodeIdentity(uri: $0) }), identity.cluster == peer.identity.cluster else {
      throw WarrenError(.permissionDenied, "\(peer.identity) passes on a call of nobody in this cluster; upgrade that manager")
    }
    self = .forwarded(identity, by: peer.identity)
  }

  /// What goes under `forwardedKey` beside a call that is passed on.
  /// - Parameter manager: who passes it on; root on its machine is an administrator of that name.
  package func forwardedValue(by manager: NodeIdentity) throws(WarrenError) -> String {
    switch self {
    case .stranger: Self.forwardedStranger
    case .local: try NodeIdentity(cluster: manager.cluster, node: manager.node, role: .admin).uri
    case .peer(let peer): peer.identity.uri
    case .forwarded(let identity, _): identity.uri
    }
  }

  /// Nil for a stranger.
  package var role: NodeIdentity.Role? {
    switch self {
    case .stranger: nil
    case .local: .admin
    case .peer(let peer): peer.identity.role
    case .forwarded(let identity, _): identity.role
    }
  }

  /// Nil for strangers and root, who have no certificate.
  package var identity: NodeIdentity? {
    switch self {
    case .stranger, .local: nil
    case .peer(let peer): peer.identity
    case .forwarded(let identity, _): identity
    }
  }

  var words: String {
    switch self {
    case .stranger: "the caller has no certificate of this cluster"
    case .local: "the caller is root here, in the role admin"
    case .peer(let peer): "\(peer.identity.node) has the role \(peer.identity.role.rawValue)"
    case .forwarded(let identity, let manager): "\(identity.node) (through \(manager.node)) has the role \(identity.role.rawValue)"
    }
  }
}
