import ClusterModel
import ClusterSecurity
import Crypto
import Logging
import Manager
import Raft
import RaftStorage
import RaftTransport
import ServiceLifecycle

/// The store with everything that acts on it: what makes a node a manager.
struct ControlPlane: Sendable {
  let store: ClusterStore
  let log: RaftMember
  let duties: LeaderDuties
  let book: PeerBook
  /// To the other managers. Nil when this node has no usable credentials: it can only be alone then.
  let transport: NetworkTransport?
  /// Nil when this node has none, which the log says the reason of.
  let credentials: NodeCredentials?
  private let announcement: NodeAnnouncement

  /// Brings the store to where the log is, or begins to; makes a cluster of it when it is none yet.
  static func start(_ membership: NodeMembership, logger: Logger) async throws -> ControlPlane {
    let configuration = membership.configuration
    let storage = membership.storage
    let store = ClusterStore(now: { .now })
    let book = try PeerBook(dataDirectory: configuration.dataDirectory, logger: logger)
    var credentials: NodeCredentials?
    do { credentials = try kept(configuration) } catch {
      // Alone it can do without until that is repaired; among others it cannot say a word.
      guard storage.isAlone else { throw error }
      logger.error("security.unusable", metadata: ["error": "\(error)"])
    }
    let supersession = Supersession(configuration.dataDirectory, logger: logger)
    let connect = { (credentials: NodeCredentials) in
      try await makeTransport(membership, credentials, book: book, store: store, supersession, logger: logger)
    }
    var transport: NetworkTransport?
    if let credentials { transport = try await connect(credentials) }
    let log = try await RaftMember.start(
      storage: storage, stateMachine: store, transport: transport, timing: configuration.raftTiming, logger: logger)
    store.attach(to: log)
    supersession.attach(to: log)
    let announcement = NodeAnnouncement(configuration: configuration, member: storage.identity.memberID, store: store, logger: logger)
    if log.isAlone {
      credentials = try await ClusterFounding(membership: membership, store: store, logger: logger).run()
      try await announcement.store(keys: credentials.map { [$0.certificate.keyFingerprint] })
      if transport == nil, let credentials {
        let made = try await connect(credentials)
        log.attach(made)
        transport = made
      }
    }
    if let transport {
      if !log.isAlone, let renewed = try resigned(credentials, store.view, membership, logger: logger) {
        credentials = renewed
        try await transport.setCertificates(try TransportCertificates(renewed, book: book, store: store))
      }
      book.attach(to: log, transport)
      if let credentials, let told = await ManagerHints(addresses: membership.hints, credentials: credentials, logger: logger).ask() {
        book.learn(told)
      }
    }
    return ControlPlane(
      store: store, log: log,
      duties: LeaderDuties(store: store, log: log, downAfter: configuration.nodeDownAfter, now: { .now }, logger: logger), book: book,
      transport: transport, credentials: credentials, announcement: announcement)
  }

  /// In the order in which they start; they stop in the opposite one.
  var services: [any Service] {
    let base: [any Service] = [log, duties, PeerBookKeeper(book: book, store: store, log: log), announcement]
    return (transport.map { [$0] } ?? []) + base
  }

  private static func kept(_ configuration: DaemonConfiguration) throws -> NodeCredentials? {
    let directory = SecurityDirectory(dataDirectory: configuration.dataDirectory)
    guard let keys = try directory.keptSealingKeys() else { return nil }
    return try directory.credentials(sealedWith: keys)
  }

  /// A certificate that ran out while this manager was off is of no use to ask the others for the next, and they may have been off, too. A
  /// manager has the authority's key: it signs another for the same key, which everybody knows.
  /// - Returns: nil when the one that is there is valid.
  private static func resigned(
    _ credentials: NodeCredentials?, _ view: StoreView, _ membership: NodeMembership, logger: Logger
  ) throws -> NodeCredentials? {
    guard let credentials, let cluster = view.cluster, let record = cluster.authority else { return nil }
    guard RenewalSchedule(credentials.certificate, trust: credentials.trust, spread: 0).expiresAt < .now else { return nil }
    let keys = try membership.sealingKeys()
    let authority = try CertificateAuthority(record, cluster: cluster.id, sealedWith: keys)
    let chain = try authority.issue(credentials.identity, for: credentials.key.publicKey, now: .now)
    let made = try NodeCredentials(chain: chain, key: credentials.key, trust: authority.trust)
    try SecurityDirectory(dataDirectory: membership.configuration.dataDirectory).keep(made, sealedWith: keys)
    logger.notice("certificate.signed-here", metadata: ["node": "\(made.identity.node)", "serial": "\(made.certificate.serialText)"])
    return made
  }

  private static func makeTransport(
    _ membership: NodeMembership, _ credentials: NodeCredentials, book: PeerBook, store: ClusterStore, _ supersession: Supersession, logger: Logger
  ) async throws -> NetworkTransport {
    let configuration = membership.configuration
    let identity = membership.storage.identity
    let certificates = try TransportCertificates(credentials, book: book, store: store)
    var options = TransportConfiguration(
      cluster: identity.clusterID, member: MemberID(rawValue: identity.memberID),
      listen: HostPort(host: configuration.raftListener.host, port: configuration.raftListener.port), security: .mutualTLS(certificates))
    options.advertised = HostPort(host: configuration.raftAddress.host, port: configuration.raftAddress.port)
    options.moved = { book.moved($0, to: $1) }
    options.founder = { store.view.cluster?.founder ?? 0 }
    options.superseded = { supersession.heard(from: $0?.description ?? "") }
    return try await NetworkTransport.listen(options, logger: logger)
  }
}

extension LogDatabase {
  /// As far as its newest snapshot knows, no other member takes part.
  var isAlone: Bool { snapshot.configuration == ConfigurationState(voters: [MemberID(rawValue: identity.memberID)]) }
}
