import ClusterModel
import ClusterSecurity
import ClusterTLS
import CoreMetrics
import Crypto
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals
import WarrenAPI
import Worker

/// The composition root of a node that is only a worker.
enum WorkerDaemon {
  /// - Parameters:
  ///   - managers: `host:port` of managers; not needed to resume.
  ///   - token: not needed to resume either.
  static func run(_ options: NodeOptions, managers: [String] = [], token: JoinSecret? = nil) async throws {
    Memory.prepare()
    // One node needs few event loops; each costs a thread and its memory.
    NIOSingletons.groupLoopCountSuggestion = 2
    let logger = options.logger()
    let membership = try await WorkerMembership.open(options, managers: managers, token: token, logger: logger, join: Self.join)
    let configuration = membership.configuration
    let identity = membership.credentials.identity
    logger.info(
      membership.isNew ? "node.joined" : "node.resumed",
      metadata: ["cluster": "\(identity.cluster)", "node": "\(identity.node)", "version": "\(WarrenVersion.current)"])
    let registry = PrometheusRegistry()
    MetricsSystem.bootstrap(registry)
    let credentials = CurrentCredentials(membership.credentials)
    let connections = ManagerConnections(credentials: credentials)
    let journal = try await WorkerNode.journal(configuration, logger: logger)
    let doubts = Doubts()
    let session = NetworkSession(
      seeds: membership.managers, journal: journal, logger: logger, refused: { doubts.raise() }, dial: connections.dial)
    let worker = try await WorkerNode(
      configuration, of: identity.cluster, bridge: membership.bridge, keys: [membership.credentials.certificate.keyFingerprint], journal: journal,
      session: session, logger: logger)
    await session.serve(worker.operations)
    var services: [any Service] = [worker]
    if let address = configuration.metricsAddress {
      let checks = [SelfCheck("disk") { try DiskRoom.check(configuration.dataDirectory) }] + worker.healthChecks
      services.append(
        ObservabilityServer(
          host: address.host, port: address.port, isRequired: configuration.metricsAddressIsRequired,
          pages: ObservabilityPages(registry: registry, checks: checks), logger: logger))
    }
    let calls = CertificateCalls(credentials, of: membership, journal: journal)
    let renewal = CertificateRenewal(membership, credentials, calls: calls, logger: logger)
    let watch = RoleWatch(
      identity: identity, doubts: doubts, renewal: renewal, credentials: credentials, agent: worker.agent, logger: logger)
    services += [
      renewal, watch,
      WorkerReadiness(agent: worker.agent, session: session, identity: identity, isNew: membership.isNew, logger: logger), Memory(),
    ]
    try await ServiceGroup(services, logger: logger).run()
    logger.info("daemon.stopped")
    try Succession.run(after: watch.verdict, of: identity, options)
  }

  @Sendable private static func join(
    _ node: ClusterNode, _ managers: [String], _ token: JoinSecret, _ key: P256.Signing.PrivateKey
  ) async throws -> NodeCredentials {
    try await ClusterJoin(managers, token: token.text, node: node, version: WarrenVersion.current, key: key, now: { .now }).run().credentials
  }
}
