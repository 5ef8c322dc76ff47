package import ClusterModel
package import ClusterSecurity
package import X509

/// Takes nodes into the cluster, and renews their certificates: each decision is made and stored in one transaction.
package struct NodeAdmission: Sendable {
  /// What a node gets.
  package struct Issued: Sendable {
    package var chain: [Certificate]
    package var trust: TrustBundle
    /// For managers: with them the authority's key is opened, and whatever else is sealed in the store.
    package var sealingKeys: SealingKeyring?
  }

  let store: ClusterStore
  let now: @Sendable () -> Timestamp
  let sealingKeys: @Sendable () throws -> SealingKeyring

  /// - Parameter sealingKeys: this manager's; it is told to throw when it has none.
  package init(store: ClusterStore, now: @escaping @Sendable () -> Timestamp, sealingKeys: @escaping @Sendable () throws -> SealingKeyring) {
    self.store = store
    self.now = now
    self.sealingKeys = sealingKeys
  }

  /// A stranger with a token. Its node is stored, as one that has not been heard of yet.
  /// - Throws: why it is not taken in.
  package func join(token: String, request: [UInt8], node: ClusterNode) async throws -> Issued {
    let keys = try sealingKeys()
    return try await store.update { transaction in
      let view = transaction.view
      let authority = try Self.authority(in: view, keys)
      let stored = view.node(node.id)
      let grant = try Admission(cluster: authority.cluster, trust: authority.trust, now: now()).join(
        token: token, request: request, node: node.id, roles: node.roles, tokens: JoinTokens(Array(view.tokens)), stored: stored,
        removedKeys: view.cluster?.removedKeys ?? [])
      if let stored, stored.roles.contains(.manager) != (grant.identity.role == .manager) {
        throw WarrenError(
          .alreadyExists,
          "node \(node.id) is in the cluster with another role; remove it first: warren node remove \(node.id), or use another --node-id")
      }
      if stored == nil {
        var new = node
        (new.meta, new.keys, new.authority, new.availability, new.state) = (Meta(), grant.keys, authority.pin.text, .active, .down)
        new.message = "it has joined and was not heard of yet"
        new.memberID = grant.identity.role == .manager ? try Self.nextMemberID(&transaction) : 0
        try transaction.put(new)
      }
      return try issue(grant, authority, keys)
    }
  }

  /// Never given twice: whoever had a number may have voted under it.
  static func nextMemberID(_ transaction: inout StoreTransaction) throws -> UInt64 {
    guard var cluster = transaction.view.cluster else { throw noAuthority }
    cluster.lastMemberID = max(cluster.lastMemberID, transaction.view.nodes.map(\.memberID).max() ?? 0) + 1
    try transaction.put(cluster)
    return cluster.lastMemberID
  }

  /// A node with a certificate of this cluster, perhaps one that has run out.
  /// - Parameter asNewMember: a manager that lost its log gets a new number among the members of Raft: under the old one it may have voted.
  package func renew(_ peer: VerifiedCertificate, request: [UInt8], asNewMember: Bool = false) async throws -> Issued {
    let keys = try sealingKeys()
    return try await store.update { transaction in
      let view = transaction.view
      let authority = try Self.authority(in: view, keys)
      if let node = view.node(peer.identity.node) { try Self.checkSettled(node) }
      let grant = try Admission(cluster: authority.cluster, trust: authority.trust, now: now()).renew(
        peer, request: request, stored: view.node(peer.identity.node), standing: view.standing)
      if var node = view.node(grant.identity.node) {
        (node.keys, node.authority) = (grant.keys, authority.pin.text)
        if asNewMember { node.memberID = try Self.newMemberID(of: node, &transaction) }
        try transaction.put(node)
      }
      return try issue(grant, authority, keys)
    }
  }

  /// - Throws: while the node's role is not decided: it could be another a moment later.
  private static func checkSettled(_ node: ClusterNode) throws(WarrenError) {
    if node.leaving { throw WarrenError(.failedPrecondition, "node \(node.id) is being removed from the cluster; wait until that is done") }
    if node.memberID != 0, !node.roles.contains(.manager) {
      throw WarrenError(.failedPrecondition, "node \(node.id) is still being taken out of the managers; wait until that is done")
    }
  }

  private static func newMemberID(of node: ClusterNode, _ transaction: inout StoreTransaction) throws -> UInt64 {
    guard node.roles.contains(.manager) else {
      throw WarrenError(.failedPrecondition, "node \(node.id) is no manager, so it has no log to begin anew; start it: warren start")
    }
    guard transaction.view.nodes.contains(where: { $0.id != node.id && $0.roles.contains(.manager) && !$0.leaving }) else {
      throw WarrenError(.failedPrecondition, "\(node.id) is the only manager; nobody else has what was in its log; see: warren cluster recover")
    }
    return try nextMemberID(&transaction)
  }

  /// A person's certificate, for a context.
  package func admin(request der: [UInt8], validity: Duration) async throws -> Issued {
    let request = try CertificateRequest(der: der)
    let authority = try Self.authority(in: store.view, try sealingKeys())
    guard validity >= .seconds(60), validity <= AdminContext.longestValidity else {
      throw WarrenError(.invalidArgument, "a context cannot be valid so long or so short; it is from a minute to ten years; leave it out for 90 days")
    }
    let identity = try NodeIdentity(cluster: authority.cluster, node: request.node, role: .admin)
    return Issued(chain: try authority.issue(identity, for: request.publicKey, now: now(), validity: validity), trust: authority.trust)
  }

  /// Makes a certificate count no more.
  package func revoke(serial: String, subject: String, expiresAt: Timestamp?) async throws {
    let isSerial = serial.utf8.count <= 40 && !serial.isEmpty && serial.allSatisfy { "0123456789abcdef".contains($0) }
    guard isSerial else {
      throw WarrenError(
        .invalidArgument, "\(serial.prefix(80).description.quoted) is not a certificate's serial number; it is 1 to 40 of 0-9 and a-f")
    }
    // Kept as long as the certificate could be of use.
    let last = now() + AdminContext.longestValidity
    let entry = RevokedCertificate(serial: serial, subject: String(subject.prefix(200)), expiresAt: min(expiresAt ?? last, last))
    try await store.update { transaction in
      guard let cluster = transaction.view.cluster else { throw Self.noAuthority }
      try transaction.put(cluster.revoking(entry, now: now()))
    }
  }

  /// A new token for nodes of this role.
  package func token(for role: ClusterNode.Role, life: Duration, rotate: Bool) async throws -> (secret: JoinSecret, expiresAt: Timestamp) {
    try await store.update { transaction in
      guard let pin = try transaction.view.cluster?.authority.map({ try TrustBundle($0) })?.pins.first else { throw Self.noAuthority }
      var generator = SystemRandomNumberGenerator()
      let issue = try JoinTokens(Array(transaction.view.tokens)).issue(
        for: role, life: life, rotate: rotate, pin: pin, now: now(), using: &generator)
      for token in issue.removals { try transaction.remove(token) }
      for token in issue.puts { try transaction.put(token) }
      return (issue.secret, issue.expiresAt)
    }
  }

  private func issue(_ grant: Admission.Grant, _ authority: CertificateAuthority, _ keys: SealingKeyring) throws -> Issued {
    Issued(
      chain: try authority.issue(grant.identity, for: grant.request.publicKey, now: now()), trust: authority.trust,
      sealingKeys: grant.identity.role == .manager ? keys : nil)
  }

  static func authority(in view: StoreView, _ keys: SealingKeyring) throws -> CertificateAuthority {
    guard let cluster = view.cluster, let record = cluster.authority else { throw noAuthority }
    return try CertificateAuthority(record, cluster: cluster.id, sealedWith: keys)
  }

  static let noAuthority = WarrenError(
    .failedPrecondition, "the cluster has no authority yet; its first manager makes one when it starts; start it")
}
