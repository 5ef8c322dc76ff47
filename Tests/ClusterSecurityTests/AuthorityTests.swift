import ClusterModel
import ClusterSecurity
import Crypto
import FoundationEssentials
import Testing
import X509

@Suite struct AuthorityTests {
  let fixture: Fixture
  init() throws { fixture = try Fixture() }

  @Test func pinIsTheBeginningOfTheHashOfTheRootsPublicKey() throws {
    let root = try #require(fixture.authority.trust.roots.first)
    let hash = SHA256.hash(data: Array(root.publicKey.subjectPublicKeyInfoBytes)).description
    #expect(hash.contains(fixture.authority.pin.text))
    #expect(fixture.authority.pin.text.count == 32)
    #expect(root.isSelfSigned)
    #expect(try fixture.authority.pin != Fixture().authority.pin)
  }

  @Test func certificatesNameClusterRoleAndNode() async throws {
    let chain = try fixture.authority.issue(fixture.identity(.worker, "edge-1"), for: P256.Signing.PrivateKey().publicKey, now: Fixture.now)
    let leaf = try #require(chain.first)
    let names = try #require(try leaf.extensions.subjectAlternativeNames)
    #expect(names.contains(.uniformResourceIdentifier("spiffe://c1/worker/edge-1")))
    #expect(names.contains(.dnsName("edge-1.node.warren")))
    #expect(names.contains(.dnsName("worker.warren")))
    let usages = try #require(try leaf.extensions.extendedKeyUsage)
    #expect(usages.contains(.clientAuth) && usages.contains(.serverAuth))
    let life = leaf.notValidAfter.timeIntervalSince(leaf.notValidBefore)
    #expect(life == 90 * 86_400 + 600)
  }

  @Test func adminsCertificatesServeNothing() throws {
    let leaf = try #require(try fixture.authority.issue(fixture.identity(.admin), for: P256.Signing.PrivateKey().publicKey, now: Fixture.now).first)
    let usages = try #require(try leaf.extensions.extendedKeyUsage)
    #expect(usages.contains(.clientAuth) && !usages.contains(.serverAuth))
    #expect(try leaf.extensions.subjectAlternativeNames?.count == 1)
  }

  @Test func issuesNothingForAnotherCluster() throws {
    let other = try NodeIdentity(cluster: "c2", node: "n1", role: .worker)
    #expect(throws: WarrenError.self) { try fixture.authority.issue(other, for: P256.Signing.PrivateKey().publicKey, now: Fixture.now) }
  }

  @Test func storedSealedItIsTheSameAuthority() async throws {
    let keys = SealingKeyring()
    let record = try fixture.authority.rotated(now: Fixture.now).record(sealedWith: keys)
    #expect(record.roots.count == 2 && record.links.count == 1)
    let restored = try CertificateAuthority(record, cluster: fixture.cluster, sealedWith: keys)
    let chain = try restored.issue(fixture.identity(.worker), for: P256.Signing.PrivateKey().publicKey, now: Fixture.now).map { try $0.der }
    let verified = try await CertificateVerifier(cluster: fixture.cluster, roots: TrustBundle(record).roots)
      .verify(chain, as: .server, now: Fixture.now)
    #expect(verified.identity == (try fixture.identity(.worker)))
    #expect(throws: WarrenError.self) { try CertificateAuthority(record, cluster: "c2", sealedWith: keys) }
    #expect(throws: WarrenError.self) { try CertificateAuthority(record, cluster: fixture.cluster, sealedWith: SealingKeyring()) }
  }

  @Test func recordWithAnotherRootIsRefused() throws {
    let keys = SealingKeyring()
    var record = try fixture.authority.record(sealedWith: keys)
    record.roots = try Fixture().authority.record(sealedWith: keys).roots
    #expect(throws: WarrenError.self) { try CertificateAuthority(record, cluster: fixture.cluster, sealedWith: keys) }
    record.roots = []
    #expect(throws: WarrenError.self) { try TrustBundle(record) }
    record.roots = [[1, 2, 3]]
    #expect(throws: WarrenError.self) { try TrustBundle(record) }
  }

  @Test func descriptionsShowNoKey() {
    #expect("\(fixture.authority)" == "authority \(fixture.authority.pin) of cluster c1")
  }
}
