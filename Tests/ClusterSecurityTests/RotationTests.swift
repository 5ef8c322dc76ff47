import ClusterModel
import ClusterSecurity
import Crypto
import Testing
import X509

@Suite struct RotationTests {
  let old: Fixture
  let new: Fixture
  init() throws {
    old = try Fixture()
    var rotating = old
    rotating.authority = try old.authority.rotated(now: Fixture.now)
    new = rotating
  }

  @Test func bothRootsAreTrustedMeanwhile() async throws {
    #expect(try await new.verifier.verify(old.issue(.worker), as: .client, now: Fixture.now).identity.role == .worker)
    #expect(try await new.verifier.verify(new.issue(.worker), as: .client, now: Fixture.now).identity.role == .worker)
  }

  @Test func nodeThatKnowsOnlyTheOldRootFollowsTheLink() async throws {
    let verified = try await old.verifier.verify(new.issue(.manager), as: .server, now: Fixture.now)
    #expect(verified.chain.count == 3)
    #expect(verified.chain.last == old.authority.trust.roots.first)
  }

  @Test func withoutTheLinkTheNewRootIsAStranger() async throws {
    let leaf = try #require(try new.issue(.manager).first)
    await #expect(throws: CertificateRefusal.self) { try await old.verifier.verify([leaf], as: .server, now: Fixture.now) }
  }

  @Test func tokensOfBothAuthoritiesFindTheManager() async throws {
    var generator = SystemRandomNumberGenerator()
    let shown = try new.issue(.manager)
    for pin in [old.authority.pin, new.authority.pin] {
      let token = JoinSecret.random(pin: pin, using: &generator)
      #expect(try await PinnedAuthority(token).manager(shown, now: Fixture.now).identity.role == .manager)
    }
  }

  @Test func afterwardsTheOldRootCountsNoMore() async throws {
    var finished = new
    finished.authority = new.authority.finishedRotation()
    #expect(finished.authority.trust.pins == [new.authority.pin])
    #expect(try await finished.verifier.verify(new.issue(.worker), as: .client, now: Fixture.now).identity.role == .worker)
    #expect(try await finished.verifier.verify(finished.issue(.worker), as: .client, now: Fixture.now).identity.role == .worker)
    await #expect(throws: CertificateRefusal.self) { try await finished.verifier.verify(old.issue(.worker), as: .client, now: Fixture.now) }
  }

  @Test func oneAtATime() throws {
    #expect(throws: WarrenError.self) { try new.authority.rotated(now: Fixture.now) }
    #expect(try new.authority.finishedRotation().rotated(now: Fixture.now).trust.isRotating)
  }

  @Test func oldCertificatesAreRenewedAtOnce() throws {
    let key = P256.Signing.PrivateKey().publicKey
    let before = try #require(try old.authority.issue(old.identity(.worker), for: key, now: Fixture.now).first)
    let after = try #require(try new.authority.issue(old.identity(.worker), for: key, now: Fixture.now).first)
    let trust = new.authority.trust
    #expect(RenewalSchedule(before, trust: trust, spread: 0).state(at: Fixture.now) == .due)
    #expect(RenewalSchedule(after, trust: trust, spread: 0).state(at: Fixture.now) != .due)
  }
}
