import ClusterModel
import ClusterSecurity
import Crypto
import Testing
import X509

@Suite struct AdmissionTests {
  let fixture: Fixture
  let tokens: JoinTokens
  let workerToken: String
  let managerToken: String

  init() throws {
    fixture = try Fixture()
    var generator = SystemRandomNumberGenerator()
    let pin = fixture.authority.pin
    let worker = try JoinTokens([]).issue(for: .worker, pin: pin, now: Fixture.now, using: &generator)
    let manager = try JoinTokens([]).issue(for: .manager, pin: pin, now: Fixture.now, using: &generator)
    tokens = JoinTokens(worker.puts + manager.puts)
    (workerToken, managerToken) = (worker.secret.text, manager.secret.text)
  }

  private var admission: Admission { Admission(cluster: fixture.cluster, trust: fixture.authority.trust, now: Fixture.now) }

  private func join(
    _ token: String, _ key: P256.Signing.PrivateKey = .init(), as node: NodeID = "n1", requested: NodeID? = nil,
    roles: Set<ClusterNode.Role> = [.worker], stored: ClusterNode? = nil
  ) throws -> Admission.Grant {
    try admission.join(
      token: token, request: try CertificateRequest.make(for: requested ?? node, key: key), node: node, roles: roles, tokens: tokens, stored: stored)
  }

  private func standing(_ nodes: [ClusterNode], revoked: [RevokedCertificate] = []) -> Standing {
    Standing(revoked: revoked) { id in nodes.first { $0.id == id }.map { Standing.Node($0) } }
  }

  @Test func grantMakesACertificateForTheNodesOwnKey() async throws {
    let key = P256.Signing.PrivateKey()
    let grant = try join(workerToken, key)
    #expect(grant.identity == (try fixture.identity(.worker)))
    #expect(grant.keys == [Fixture.fingerprint(of: key)])
    let chain = try fixture.authority.issue(grant.identity, for: grant.request.publicKey, now: Fixture.now)
    let credentials = try NodeCredentials(chain: chain, key: key, trust: fixture.authority.trust)
    #expect(credentials.identity == grant.identity)
    #expect(throws: WarrenError.self) { try NodeCredentials(chain: chain, key: P256.Signing.PrivateKey(), trust: fixture.authority.trust) }
  }

  @Test func managerThatRunsContainersIsAManager() throws {
    #expect(try join(managerToken, roles: [.manager, .worker]).identity.role == .manager)
  }

  @Test func wrongRolesToken() {
    let cases: [(String, Set<ClusterNode.Role>)] = [(workerToken, [.manager]), (workerToken, [.manager, .worker]), (managerToken, [.worker])]
    for (token, roles) in cases {
      let error = #expect(throws: WarrenError.self) { try join(token, roles: roles) }
      #expect(error?.code == .permissionDenied)
    }
  }

  @Test func sameNodeMayAskAgain() throws {
    let key = P256.Signing.PrivateKey()
    let stored = Fixture.node("n1", [.worker], keys: [Fixture.fingerprint(of: key)])
    #expect(try join(workerToken, key, stored: stored).keys == stored.keys)
  }

  @Test func takenNameIsRefusedForAnotherKey() {
    let stored = Fixture.node("n1", [.worker], keys: [Fixture.fingerprint(of: .init())])
    for stored in [stored, Fixture.node("n1", [.manager, .worker], keys: [])] {
      let error = #expect(throws: WarrenError.self) { try join(workerToken, stored: stored) }
      #expect(error?.code == .alreadyExists)
      #expect(error?.message.contains("node remove n1") == true)
    }
  }

  @Test func replayedRequestOfAnotherNodeIsRefused() {
    let error = #expect(throws: WarrenError.self) { try join(workerToken, as: "n2", requested: "n1") }
    #expect(error?.code == .permissionDenied)
  }

  @Test func replayedRequestIsOfNoUseWithoutTheKey() throws {
    // Somebody heard the whole exchange and plays it again: the certificate is for the key of who sent it first.
    let key = P256.Signing.PrivateKey()
    let grant = try join(workerToken, key)
    #expect(grant.request.publicKey.rawRepresentation == key.publicKey.rawRepresentation)
  }

  @Test func requestSignedByAnotherKeyIsRefused() throws {
    var der = try CertificateRequest.make(for: "n1", key: .init())
    der[der.count - 5] ^= 1
    #expect(throws: WarrenError.self) { try CertificateRequest(der: der) }
    #expect(throws: WarrenError.self) { try CertificateRequest(der: [UInt8](repeating: 0x30, count: 5000)) }
  }

  @Test func renewalKeepsTheNodeAndTakesANewKey() async throws {
    let (old, new) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
    let stored = Fixture.node("n1", [.worker], keys: [Fixture.fingerprint(of: old)])
    let peer = try await fixture.verified(.worker, key: old)
    let grant = try admission.renew(peer, request: try CertificateRequest.make(for: "n1", key: new), stored: stored, standing: standing([stored]))
    #expect(grant.identity == peer.identity)
    #expect(grant.keys == [Fixture.fingerprint(of: new), Fixture.fingerprint(of: old)])
  }

  @Test func renewalFollowsPromotion() async throws {
    let key = P256.Signing.PrivateKey()
    let stored = Fixture.node("n1", [.manager, .worker], keys: [Fixture.fingerprint(of: key)])
    let peer = try await fixture.verified(.worker, key: key)
    #expect(throws: CertificateRefusal.roleChanged(peer.identity)) { try standing([stored]).check(peer) }
    let grant = try admission.renew(peer, request: try CertificateRequest.make(for: "n1", key: key), stored: stored, standing: standing([stored]))
    #expect(grant.identity.role == .manager)
  }

  @Test func expiredNodeRenewsWithinGrace() async throws {
    let key = P256.Signing.PrivateKey()
    let stored = Fixture.node("n1", [.worker], keys: [Fixture.fingerprint(of: key)])
    let issued = Fixture.now + Fixture.day * -100
    let peer = try await fixture.verified(.worker, key: key, issued: issued, grace: RenewalSchedule.grace)
    #expect(peer.expiredAt != nil)
    let request = try CertificateRequest.make(for: "n1", key: .init())
    #expect(try admission.renew(peer, request: request, stored: stored, standing: standing([stored])).identity == peer.identity)
    await #expect(throws: CertificateRefusal.self) {
      try await fixture.verified(.worker, key: key, issued: Fixture.now + Fixture.day * -181, grace: RenewalSchedule.grace)
    }
  }

  @Test func removedReplacedAndRevokedNodesDoNotRenew() async throws {
    let key = P256.Signing.PrivateKey()
    let peer = try await fixture.verified(.worker, key: key)
    let request = try CertificateRequest.make(for: "n1", key: .init())
    let stored = Fixture.node("n1", [.worker], keys: [Fixture.fingerprint(of: key)])
    let other = Fixture.node("n1", [.worker], keys: [Fixture.fingerprint(of: .init())])
    let revoked = RevokedCertificate(serial: peer.serial, subject: "n1", expiresAt: peer.expiresAt)
    for (stored, standing) in [(nil, standing([])), (other, standing([other])), (stored, standing([stored], revoked: [revoked]))] {
      let error = #expect(throws: WarrenError.self) { try admission.renew(peer, request: request, stored: stored, standing: standing) }
      #expect(error?.code == .unauthenticated)
    }
    #expect(throws: CertificateRefusal.unknownNode(peer.identity)) { try standing([]).check(peer) }
    #expect(throws: CertificateRefusal.replaced(peer.identity)) { try standing([other]).check(peer) }
    #expect(throws: CertificateRefusal.revoked(peer.identity, serial: peer.serial)) { try standing([stored], revoked: [revoked]).check(peer) }
    try standing([stored]).check(peer)
    // Also when another machine has its name by now.
    let remembering = Standing(revoked: [], removedKeys: [peer.keyFingerprint]) { _ in Standing.Node(other) }
    let removal = #expect(throws: CertificateRefusal.removed(peer.identity)) { try remembering.check(peer) }
    #expect(removal?.error.reason == .nodeRemoved)
  }

  @Test func removedKeysAreRememberedUpToALimit() {
    var cluster = Cluster(id: "c1")
    for number in 0..<600 { cluster.remember(removed: ["k\(number)"]) }
    cluster.remember(removed: ["k599"])
    #expect(cluster.removedKeys.count == 512 && cluster.removedKeys.last == "k599" && cluster.removedKeys.first == "k88")
  }

  @Test func adminsAndOthersNamesAreNotRenewed() async throws {
    let key = P256.Signing.PrivateKey()
    let stored = Fixture.node("n1", [.worker], keys: [Fixture.fingerprint(of: key)])
    let request = try CertificateRequest.make(for: "n1", key: .init())
    let admin = try await fixture.verified(.admin, key: key)
    #expect(throws: WarrenError.self) { try admission.renew(admin, request: request, stored: stored, standing: standing([stored])) }
    let peer = try await fixture.verified(.worker, key: key)
    let others = try CertificateRequest.make(for: "n2", key: .init())
    #expect(throws: WarrenError.self) { try admission.renew(peer, request: others, stored: stored, standing: standing([stored])) }
  }

  @Test func revocationsThatRanOutAreDropped() {
    let gone = RevokedCertificate(serial: "01", subject: "a", expiresAt: Fixture.now)
    let live = RevokedCertificate(serial: "02", subject: "b", expiresAt: Fixture.now + Fixture.day)
    var cluster = Cluster(id: "c1").revoking(gone, now: Fixture.now)
    cluster = cluster.revoking(live, now: Fixture.now + .seconds(1)).revoking(live, now: Fixture.now + .seconds(1))
    #expect(cluster.revoked == [live])
  }

  @Test func renewalIsDueAtHalfOfTheLife() throws {
    let leaf = try #require(try fixture.authority.issue(fixture.identity(.worker), for: P256.Signing.PrivateKey().publicKey, now: Fixture.now).first)
    let schedule = RenewalSchedule(leaf, trust: fixture.authority.trust, spread: 0)
    #expect(schedule.state(at: Fixture.now + Fixture.day * 44) == .fresh(until: schedule.dueAt))
    #expect(schedule.state(at: Fixture.now + Fixture.day * 45) == .due)
    let last = RenewalSchedule(leaf, trust: fixture.authority.trust, spread: 1)
    #expect(last.dueAt > schedule.dueAt && last.dueAt < Fixture.now + Fixture.day * 50)
    #expect(schedule.state(at: schedule.expiresAt + .seconds(1)) == .expired(renewableUntil: schedule.expiresAt + RenewalSchedule.grace))
    #expect(schedule.state(at: schedule.expiresAt + RenewalSchedule.grace + .seconds(1)) == .lost)
    let pauses = [1, 2, 3, 8, 100].map { RenewalSchedule.pause(afterFailures: $0, spread: 0) }
    #expect(pauses == [.seconds(30), .seconds(60), .seconds(120), .seconds(3600), .seconds(3600)])
  }

  @Test func aWorkersCertificateFromBetweenABackupAndItsRestorationCounts() async throws {
    let node = Fixture.node("n1", [.worker], keys: ["of the backup"])
    let restoration = Cluster.Restoration(from: Fixture.now + Fixture.day * -5, at: Fixture.now + Fixture.day * -1)
    func check(_ role: NodeIdentity.Role, issued days: Int, isRemoved: Bool = false) async throws {
      let shown = try await fixture.verified(role, issued: Fixture.now + Fixture.day * days)
      let removed = isRemoved ? [shown.keyFingerprint] : []
      try Standing(revoked: [], removedKeys: removed, restoration: restoration) { $0 == "n1" ? Standing.Node(node) : nil }.check(shown)
    }
    for days in [-5, -3, -1] { try await check(.worker, issued: days) }
    for days in [-6, 0] { await #expect(throws: CertificateRefusal.self) { try await check(.worker, issued: days) } }
    await #expect(throws: CertificateRefusal.self) { try await check(.manager, issued: -3) }
    await #expect(throws: CertificateRefusal.self) { try await check(.worker, issued: -3, isRemoved: true) }
  }
}
