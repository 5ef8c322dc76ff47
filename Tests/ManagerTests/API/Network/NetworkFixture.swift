import ClusterModel
import ClusterSecurity
import ClusterTLS
import Crypto
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCSupport
import Logging
import NIOConcurrencyHelpers
import Testing
import WarrenAPI

@testable import Manager

/// A manager's API on a TCP port of the loopback, with a cluster's authority in a store in memory behind it.
struct NetworkFixture: Sendable {
  typealias Stub = Warren_V1_WarrenAPI.Client<HTTP2ClientTransport.Posix>

  static let cluster: ClusterID = "c1"
  static let start = Timestamp(seconds: 1_800_000_000)

  /// A machine under load is slow, not hostile.
  static let patience = Duration.seconds(600)
  static let patientLimits: ConnectionGate.Limits = {
    var limits = ConnectionGate.Limits()
    limits.handshake = patience
    limits.strangersStay = patience
    return limits
  }()

  let store: ClusterStore
  let log: InstantLog
  let clock: TestTime
  let keys: SealingKeyring
  let gate: ConnectionGate
  let admission: NodeAdmission
  /// What the manager shows.
  let serverCredentials: CurrentCredentials
  let socketPath: String
  let port: Int

  var address: String { "127.0.0.1:\(port)" }

  static func run(
    limits: ConnectionGate.Limits = patientLimits, interceptors: [any ServerInterceptor] = [],
    services: (ClusterStore) -> [any RegistrableRPCService] = { _ in [] }, _ body: @Sendable (NetworkFixture) async throws -> Void
  ) async throws {
    let directory = try APIFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let clock = TestTime(start)
    let store = ClusterStore(now: { clock.now })
    let log = InstantLog(store: store)
    let keys = SealingKeyring()
    let authority = try CertificateAuthority.create(cluster: cluster, now: start)
    let record = try authority.record(sealedWith: keys)
    try await store.update { transaction in
      var stored = Cluster(id: cluster)
      stored.authority = record
      try transaction.put(stored)
    }
    let trust = StoredTrust(store)
    let credentials = CurrentCredentials(nil)
    let gate = ConnectionGate(credentials: credentials, limits: limits, now: { clock.now }, logger: APIFixture.logger) { trust.verifier }
    let admission = NodeAdmission(store: store, now: { clock.now }) { keys }
    let api = ManagerAPI(
      store: store, log: log, identity: .init(node: "m1", raftAddress: "m1:7946", version: "1.2.3"), localNode: nil, nodes: admission)
    let listener = try TCPListener(host: "127.0.0.1", port: 0)
    let server = try APIServer(
      api: api, services: services(store), interceptors: interceptors, socketPath: "\(directory)/s", network: .init(listener: listener, gate: gate),
      shutdownGrace: .milliseconds(10), now: { clock.now }, logger: APIFixture.logger)
    let fixture = NetworkFixture(
      store: store, log: log, clock: clock, keys: keys, gate: gate, admission: admission, serverCredentials: credentials,
      socketPath: "\(directory)/s", port: listener.port)
    credentials.replace(try await fixture.member(.manager, "m1"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask { try await StandingWatch(store: store, gate: gate).run() }
      try await body(fixture)
      group.cancelAll()
    }
  }

  var authority: CertificateAuthority {
    get throws { try CertificateAuthority(#require(store.view.cluster?.authority), cluster: Self.cluster, sealedWith: keys) }
  }

  /// Somebody with a certificate of the cluster; for a node, one that the store knows.
  func member(_ role: NodeIdentity.Role, _ name: NodeID, validity: Duration = CertificateAuthority.nodeValidity) async throws -> NodeCredentials {
    let credentials = try Self.credentials(role, name, by: authority, now: clock.now, validity: validity)
    if role == .admin { return credentials }
    try await store.update { transaction in
      let stored = transaction.view.node(name)
      var node = stored ?? ClusterNode(id: name, roles: [role == .manager ? .manager : .worker], description: NodeDescription(hostname: "\(name)"))
      node.keys = [credentials.certificate.keyFingerprint]
      node.apiAddress = role == .manager ? "\(name):8080" : ""
      node.raftAddress = role == .manager ? "\(name):7946" : ""
      try transaction.put(node)
    }
    return credentials
  }

  /// What the node gets when it renews what it has, by the authority of now.
  func renewed(_ name: NodeID) async throws -> NodeCredentials {
    let new = try Self.credentials(.manager, name, by: authority, now: clock.now)
    let pin = try authority.pin.text
    try await store.update { transaction in
      guard var node = transaction.view.node(name) else { return }
      (node.keys, node.authority) = ([new.certificate.keyFingerprint] + node.keys, pin)
      try transaction.put(node)
    }
    return new
  }

  static func credentials(
    _ role: NodeIdentity.Role, _ name: NodeID, by authority: CertificateAuthority, now: Timestamp,
    validity: Duration = CertificateAuthority.nodeValidity
  ) throws -> NodeCredentials {
    let key = P256.Signing.PrivateKey()
    let identity = try NodeIdentity(cluster: authority.cluster, node: name, role: role)
    let chain = try authority.issue(identity, for: key.publicKey, now: now, validity: validity)
    return try NodeCredentials(chain: chain, key: key, trust: authority.trust)
  }

  func token(_ role: ClusterNode.Role = .worker, life: Duration = JoinTokens.defaultLife, rotate: Bool = false) async throws -> String {
    try await admission.token(for: role, life: life, rotate: rotate).secret.text
  }

  /// - Parameter lead: of the joining machine's clock.
  func join(
    _ node: NodeID, _ role: ClusterNode.Role = .worker, token: String, at addresses: [String]? = nil,
    apiVersions: ClosedRange<UInt32> = APIVersion.spoken, lead: Duration = .zero
  ) throws -> ClusterJoin {
    let wanted = ClusterNode(id: node, roles: [role], description: NodeDescription(hostname: "\(node)", warrenVersion: "9.9.9"))
    return try ClusterJoin(
      addresses ?? [address], token: token, node: wanted, version: "9.9.9", apiVersions: apiVersions, patience: Self.patience,
      now: { [clock] in clock.now + lead })
  }

  /// A connection with these credentials; nil: none.
  func connected<Result: Sendable>(
    _ credentials: NodeCredentials?, _ body: @Sendable (Stub) async throws -> Result
  ) async throws -> Result {
    try await withClient(credentials) { try await body(Stub(wrapping: $0)) }
  }

  func strangersTLS() throws -> ManagerTLS {
    let pin = try #require(try authority.trust.pins.first)
    return ManagerTLS(
      joiningWith: try JoinSecret(pin.text + String(repeating: "0", count: 32)), patience: Self.patience, now: { [clock] in clock.now })
  }

  func connected<Result: Sendable>(_ tls: ManagerTLS, _ body: @Sendable (Stub) async throws -> Result) async throws -> Result {
    try await withClient(tls) { try await body(Stub(wrapping: $0)) }
  }

  func withClient<Result: Sendable>(
    _ credentials: NodeCredentials?, _ body: @Sendable (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Result
  ) async throws -> Result {
    try await withClient(
      try credentials.map { [clock] in ManagerTLS(CurrentCredentials($0), patience: Self.patience, now: { clock.now }) } ?? strangersTLS(), body)
  }

  private func withClient<Result: Sendable>(
    _ tls: ManagerTLS, _ body: @Sendable (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Result
  ) async throws -> Result {
    let transport = try HTTP2ClientTransport.Posix(
      target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .customSecure, config: .defaults { tls.secure(&$0) },
      serviceConfig: ServiceConfig(methodConfig: [MethodConfig(names: [.init(service: "")], waitForReady: false)]))
    let client = GRPCClient(transport: transport)
    return try await client.whileConnected { try await body(client) }
  }
}

/// A clock that stands still until it is set.
final class TestTime: Sendable {
  private let time: NIOLockedValueBox<Timestamp>

  init(_ time: Timestamp) { self.time = NIOLockedValueBox(time) }

  var now: Timestamp {
    get { time.withLockedValue { $0 } }
    set { time.withLockedValue { $0 = newValue } }
  }
}

/// The code and message of the status that a call ends with; nil when it ends well.
func status(_ body: () async throws -> Void) async -> (code: RPCError.Code, message: String)? {
  do {
    try await body()
    return nil
  } catch let error as RPCError {
    return (error.code, error.message)
  } catch {
    Issue.record("not an RPCError: \(error)")
    return nil
  }
}
