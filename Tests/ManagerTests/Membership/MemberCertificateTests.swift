import ClusterModel
import ClusterSecurity
import Foundation
import Logging
import NIOSSL
import RaftTransport
import Testing

@testable import Manager

/// For which member a certificate speaks.
@Suite struct MemberCertificateTests {
  @Test func aKeyThatIsNewToThisManagerIsTheNodesUntilTheNodeIsRemoved() async throws {
    let directory = NSTemporaryDirectory() + "warren-member-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let now = NetworkFixture.start
    let authority = try CertificateAuthority.create(cluster: "c1", now: now)
    let store = ClusterStore(now: { now })
    let log = InstantLog(store: store)
    defer { withExtendedLifetime(log) {} }
    let book = try PeerBook(dataDirectory: directory, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var other = ClusterNode(id: "m2", roles: [.manager], description: NodeDescription(hostname: "m2"))
    // It has renewed its certificate since this manager was here last.
    (other.memberID, other.keys) = (2, ["an earlier key"])
    let stored = other
    book.update(from: [stored])
    try await store.update { transaction in
      try transaction.put(Cluster(id: "c1"))
      try transaction.put(stored)
    }
    let own = try NetworkFixture.credentials(.manager, "m1", by: authority, now: now)
    let certificates = try TransportCertificates(own, book: book, store: store)
    func shown(_ role: NodeIdentity.Role, _ node: NodeID) throws -> (certificate: NIOSSLCertificate, key: String) {
      let credentials = try NetworkFixture.credentials(role, node, by: authority, now: now)
      return (try NIOSSLCertificate(bytes: credentials.certificate.der, format: .der), credentials.certificate.keyFingerprint)
    }
    let renewed = try shown(.manager, "m2")
    #expect(certificates.member(renewed.certificate) == 2)
    #expect(certificates.member(try shown(.worker, "m2").certificate) == nil)
    let stranger = try shown(.manager, "m3")
    #expect(certificates.member(stranger.certificate) == nil)
    // It may be of a newer group, and then says so.
    #expect(certificates.isManager(stranger.certificate) && certificates.isManager(renewed.certificate))
    #expect(certificates.isManager(try shown(.worker, "m2").certificate) == false)

    try await store.update { transaction in
      guard var cluster = transaction.view.cluster else { return }
      cluster.remember(removed: [renewed.key])
      try transaction.put(cluster)
    }
    #expect(certificates.member(renewed.certificate) == nil)
    #expect(certificates.isManager(renewed.certificate) == false && certificates.isManager(stranger.certificate))
  }
}
