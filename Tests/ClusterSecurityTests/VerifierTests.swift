import ClusterModel
import ClusterSecurity
import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

@Suite struct VerifierTests {
  let fixture: Fixture
  init() throws { fixture = try Fixture() }

  private func refusal(
    _ presented: [[UInt8]], _ purpose: CertificateVerifier.Purpose = .client, now: Timestamp = Fixture.now, grace: Duration = .zero
  ) async -> CertificateRefusal? {
    do { _ = try await fixture.verifier.verify(presented, as: purpose, now: now, grace: grace) } catch { return error }
    return nil
  }

  @Test(arguments: NodeIdentity.Role.allCases) func validChainIsAnIdentity(_ role: NodeIdentity.Role) async throws {
    let verified = try await fixture.verified(role, "edge_1.Site-2")
    #expect(verified.identity == (try fixture.identity(role, "edge_1.Site-2")))
    #expect(verified.expiredAt == nil)
    #expect(verified.serial == verified.certificate.serialText)
  }

  @Test func nothingShownIsNobody() async { #expect(await refusal([]) == .missing) }

  @Test func sameClaimOfAnotherAuthorityIsNobody() async throws {
    // The other one even has the same cluster's id.
    let chain = try Fixture().issue(.manager)
    guard case .untrusted(let claims?, _)? = await refusal(chain) else {
      Issue.record("accepted")
      return
    }
    #expect(claims.node == "n1" && claims.role == .manager)
  }

  @Test func anotherClustersIsToldApart() async throws {
    let chain = try Fixture("c2").issue(.worker)
    let error = await refusal(chain)
    #expect(error?.message.contains("cluster c2") == true)
    #expect(error?.error.code == .unauthenticated)
  }

  @Test func certificateOfThisAuthorityForAnotherClusterIsRefused() async throws {
    let verifier = CertificateVerifier(cluster: "c2", roots: fixture.authority.trust.roots)
    await #expect(throws: CertificateRefusal.foreignCluster(try fixture.identity(.worker), "c2")) {
      try await verifier.verify(fixture.issue(.worker), as: .client, now: Fixture.now)
    }
  }

  @Test func rootOfOurNameWithAnotherKeyDoesNotHelp() async throws {
    let evil = try Fixture()
    #expect(await refusal(try evil.issue(.admin) + fixture.issue(.worker).dropFirst()) != nil)
  }

  @Test func selfSignedIsNobody() async throws {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("n1") }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Date(timeIntervalSince1970: 1_799_999_000),
      notValidAfter: Date(timeIntervalSince1970: 1_900_000_000), issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try .init {
        try ExtendedKeyUsage([.clientAuth])
        SubjectAlternativeNames([.uniformResourceIdentifier("spiffe://c1/admin/n1")])
      }, issuerPrivateKey: .init(key))
    guard case .untrusted? = await refusal([try certificate.der]) else {
      Issue.record("accepted")
      return
    }
  }

  @Test func nodesCertificateSignsNothing() async throws {
    let workerKey = P256.Signing.PrivateKey()
    let worker = try fixture.issue(.worker, key: workerKey)
    let leaf = try Certificate(derEncoded: try #require(worker.first))
    let forged = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(P256.Signing.PrivateKey().publicKey), notValidBefore: leaf.notValidBefore,
      notValidAfter: leaf.notValidAfter, issuer: leaf.subject, subject: try DistinguishedName { CommonName("root") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try .init {
        try ExtendedKeyUsage([.clientAuth])
        SubjectAlternativeNames([.uniformResourceIdentifier("spiffe://c1/admin/root")])
      }, issuerPrivateKey: .init(workerKey))
    #expect(await refusal([try forged.der] + worker) != nil)
  }

  @Test func theRootItselfIsNobody() async throws {
    guard case .notAnIdentity? = await refusal([try #require(try fixture.issue(.worker).last)]) else {
      Issue.record("accepted")
      return
    }
  }

  @Test func expiryToTheSecondAndGrace() async throws {
    let chain = try fixture.issue(.worker)
    let end = Fixture.now + CertificateAuthority.nodeValidity
    #expect(await refusal(chain, now: end) == nil)
    #expect(await refusal(chain, now: end + .seconds(1)) == .expired(try fixture.identity(.worker), at: end, now: end + .seconds(1)))
    let verified = try await fixture.verifier.verify(chain, as: .client, now: end + Fixture.day, grace: RenewalSchedule.grace)
    #expect(verified.expiredAt == end)
    let tooLate = end + RenewalSchedule.grace + .seconds(1)
    guard case .expired? = await refusal(chain, now: tooLate, grace: RenewalSchedule.grace) else {
      Issue.record("accepted")
      return
    }
  }

  @Test func clocksMayBeMinutesApart() async throws {
    let chain = try fixture.issue(.worker)
    #expect(await refusal(chain, now: Fixture.now + .seconds(-599)) == nil)
    guard case .notYetValid(_, _, _)? = await refusal(chain, now: Fixture.now + .seconds(-601)) else {
      Issue.record("accepted")
      return
    }
  }

  @Test func adminsCertificateIsNoServers() async throws {
    #expect(await refusal(try fixture.issue(.admin), .server) == .wrongPurpose(try fixture.identity(.admin)))
    #expect(await refusal(try fixture.issue(.worker), .server) == nil)
  }

  @Test func boundsOnWhatIsSent() async throws {
    let leaf = try #require(try fixture.issue(.worker).first)
    guard case .malformed? = await refusal(Array(repeating: leaf, count: 5)) else {
      Issue.record("accepted")
      return
    }
    guard case .malformed? = await refusal([[UInt8](repeating: 0x30, count: 20_000)]) else {
      Issue.record("accepted")
      return
    }
  }

  @Test func joinerSpeaksOnlyToAManagerOfTheTokensCluster() async throws {
    var generator = SystemRandomNumberGenerator()
    let pinned = PinnedAuthority(JoinSecret.random(pin: fixture.authority.pin, using: &generator))
    let manager = try await pinned.manager(fixture.issue(.manager), now: Fixture.now)
    #expect(manager.identity.cluster == "c1")
    for shown in [
      try Fixture().issue(.manager), try fixture.issue(.worker), try fixture.issue(.admin), [], [[1, 2]],
      try Array(fixture.issue(.manager).prefix(1)),
      try Array(Fixture().issue(.manager).prefix(1)) + fixture.issue(.manager).suffix(1),
    ] {
      let error = await #expect(throws: WarrenError.self) { try await pinned.manager(shown, now: Fixture.now) }
      #expect(error?.code == .unauthenticated)
    }
  }

  @Test(arguments: [
    "", "spiffe://", "spiffe://c1/worker", "spiffe://c1/worker/", "spiffe://c1/root/n1", "spiffe://c1/worker/a/b", "spiffe://c1/worker/../x",
    "spiffe://c1/worker/-a", "spiffe://c1/worker/a b", "spiffe:///worker/a", "https://c1/worker/a", "spiffe://c1/Worker/a",
    "spiffe://c1/worker/\(String(repeating: "a", count: 64))", "spiffe://c1/worker/é",
  ])
  func onlyExactNamesAreIdentities(_ uri: String) { #expect(NodeIdentity(uri: uri) == nil) }
}
