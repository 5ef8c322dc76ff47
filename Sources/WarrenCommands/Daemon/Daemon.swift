import ClusterModel
import ClusterSecurity
import ClusterTLS
import CoreMetrics
import Logging
import Manager
import NIOCore
import NIOPosix
import RaftStorage
import ServiceLifecycle
import UnixSignals
import WarrenAPI
import Worker

/// The composition root: makes every part of a node from its configuration, and runs them until a signal.
enum Daemon {
  /// What is made of a data directory that holds nothing yet.
  enum Purpose: Sendable {
    case initialise
    case join(leaders: [String], JoinSecret?)
    case resume
  }

  static func run(_ options: DaemonOptions, as purpose: Purpose) async throws {
    Memory.prepare()
    // One node needs few event loops; each costs a thread and its memory.
    NIOSingletons.groupLoopCountSuggestion = 2
    let logger = options.logger()
    let membership = try await NodeMembership.open(options, as: purpose, logger: logger)
    let configuration = membership.configuration
    logger.info(
      "\(membership.event)",
      metadata: ["cluster": "\(membership.storage.identity.clusterID)", "node": "\(configuration.nodeID)", "version": "\(WarrenVersion.current)"])
    let registry = PrometheusRegistry()
    MetricsSystem.bootstrap(registry)
    let control = try await ControlPlane.start(membership, logger: logger)
    let credentials = CurrentCredentials(control.credentials)
    let doubts = Doubts()
    let worker = configuration.runsContainers ? try await worker(of: membership, control, credentials, doubts, logger: logger) : nil
    let workers = ConnectedWorkers()
    let managers = ManagerListFeed(store: control.store)
    let sessions = WorkerSessionService(
      dispatcher: { try control.duties.dispatcher() }, workers: workers, managers: managers,
      timing: SessionTiming(downAfter: configuration.nodeDownAfter)
    ) { _ in try AuthorizedCall.callingNode() }
    let api = ManagerAPI(
      store: control.store, log: control.log, overview: { control.log.overview },
      identity: .init(node: configuration.nodeID, raftAddress: configuration.raftAddress.description, version: WarrenVersion.current),
      localNode: worker?.operations, workers: workers, nodes: NodeAdmission(store: control.store, now: { .now }, sealingKeys: membership.sealingKeys),
      common: CommonSettings(nodeDown: configuration.nodeDownAfter, raftProfile: configuration.raftProfile))
    let forwarding = LeaderForwarding(log: control.log, duties: control.duties, book: control.book, credentials: credentials, now: { .now })
    let listening = try APIListening(
      configuration, api: api, store: control.store, credentials: credentials, services: [sessions], interceptors: [ReadConsistency(), forwarding],
      logger: logger)
    // Started in this order, stopped in the opposite one: the log outlives whatever writes to it.
    var services: [any Service] = control.services + [managers]
    if let worker { services.append(worker) }
    var checks = [
      SelfCheck("store") { _ = try await control.log.readBarrier() },
      SelfCheck("disk") { try DiskRoom.check(configuration.dataDirectory) },
    ]
    if let worker { checks += worker.healthChecks }
    if let address = configuration.metricsAddress {
      services.append(
        ObservabilityServer(
          host: address.host, port: address.port, isRequired: configuration.metricsAddressIsRequired,
          pages: ObservabilityPages(registry: registry, checks: checks), logger: logger))
    }
    var watch: RoleWatch?
    if let standing = listening.standing, let own = control.credentials {
      let others = CertificateCalls(credentials, ofManager: configuration.nodeID, store: control.store, book: control.book)
      let renewal = CertificateRenewal(membership, credentials, others: others, store: control.store, book: control.book, logger: logger)
      let roles = RoleWatch(
        identity: own.identity, doubts: doubts, renewal: renewal, credentials: credentials, agent: worker?.agent, logger: logger)
      services += [
        standing, AuthorityRotation(store: control.store, log: control.log, logger: logger), renewal, roles,
        RecordWatch(node: configuration.nodeID, store: control.store, log: control.log, doubts: doubts),
      ]
      watch = roles
    }
    if let transport = control.transport {
      services.append(
        RaftCertificates(credentials: credentials, transport: transport, book: control.book, store: control.store, logger: logger))
    }
    services += [
      listening.server,
      SocketRegistration(socket: configuration.socket, address: configuration.apiAddress.description),
      Readiness(socket: configuration.socket, message: readyMessage(membership, purpose), logger: logger) {
        await worker?.agent.isConnected ?? true
      },
      Memory(),
      // The first to stop: whoever leads next does so before anything else ends here.
      HandOver(log: control.log),
    ]
    try await ServiceGroup(services, logger: logger).run()
    logger.info("daemon.stopped")
    if let watch { try Succession.run(after: watch.verdict, of: watch.identity, options.node) }
  }

  private static func worker(
    of membership: NodeMembership, _ control: ControlPlane, _ credentials: CurrentCredentials, _ doubts: Doubts, logger: Logger
  ) async throws -> WorkerNode {
    let configuration = membership.configuration
    let journal = try await WorkerNode.journal(configuration, logger: logger)
    let network = NetworkSession(
      seeds: [], journal: journal, logger: logger, refused: { doubts.raise() }, dial: ManagerConnections(credentials: credentials).dial)
    let session = LocalFirstSession(
      local: { control.duties.activeDispatcher }, others: { control.store.view.managerAddresses.filter { $0.node != configuration.nodeID } },
      network: network)
    let worker = try await WorkerNode(
      configuration, of: membership.storage.identity.clusterID, bridge: membership.bridge,
      keys: control.credentials.map { [$0.certificate.keyFingerprint] } ?? [],
      member: membership.storage.identity.memberID, journal: journal, session: session, logger: logger)
    await network.serve(worker.operations)
    return worker
  }

  private static func readyMessage(_ membership: NodeMembership, _ purpose: Purpose) -> String {
    let configuration = membership.configuration
    let socket = configuration.socket == DaemonSocket.defaultPath ? "" : " --socket \(configuration.socket)"
    let head =
      switch purpose {
      case .initialise: "✓ Cluster initialized successfully"
      case .join where membership.isNew: "✓ Manager joined the cluster: \(configuration.nodeID)"
      case .join, .resume: "✓ Node resumed: \(configuration.nodeID)"
      }
    return """
      \(head)
        Cluster ID: \(membership.storage.identity.clusterID)
        Node ID: \(configuration.nodeID)
        Socket: \(configuration.socket)

      Next steps:
        warren node list\(socket)
        warren service create web --image nginx --publish 8081:80\(socket)

      To add a machine, get its command here:
        warren cluster join-token worker\(socket)
        warren cluster join-token manager\(socket)

      """
  }
}
