import ClusterModel
import ClusterSecurity
import Crypto
import Foundation
import SwiftASN1
import Testing

@Suite struct ContextTests {
  let fixture: Fixture
  let context: AdminContext
  init() throws {
    fixture = try Fixture()
    context = try AdminContext.issue(name: "ops", by: fixture.authority, addresses: ["m1:8080", "m2:8080"], now: Fixture.now)
  }

  private func refusal(_ bytes: [UInt8], now: Timestamp = Fixture.now) async -> WarrenError? {
    do { _ = try await AdminContext.imported(bytes, now: now) } catch { return error }
    return nil
  }

  private func edited(_ change: (inout [String: Any]) throws -> Void) throws -> [UInt8] {
    var file = try #require(try JSONSerialization.jsonObject(with: Data(context.file())) as? [String: Any])
    try change(&file)
    return Array(try JSONSerialization.data(withJSONObject: file))
  }

  @Test func exportedAndImportedItIsAnAdministrator() async throws {
    let read = try await AdminContext.imported(context.file(), now: Fixture.now)
    #expect(read.name == "ops" && read.cluster == "c1" && read.addresses == ["m1:8080", "m2:8080"])
    #expect(read.serial == context.serial && read.expiresAt == Fixture.now + Fixture.day * 90)
    #expect(read.credentials.trust == fixture.authority.trust)
    let verified = try await fixture.verifier.verify(read.credentials.chain.map { try $0.der }, as: .client, now: Fixture.now)
    #expect(verified.identity.role == .admin)
  }

  @Test func revocationBySerial() async throws {
    let verified = try await fixture.verifier.verify(context.credentials.chain.map { try $0.der }, as: .client, now: Fixture.now)
    try Standing(revoked: []) { _ in nil }.check(verified)
    let cluster = Cluster(id: "c1").revoking(context.revocation, now: Fixture.now)
    #expect(throws: CertificateRefusal.revoked(verified.identity, serial: context.serial)) {
      try Standing(revoked: cluster.revoked) { _ in nil }.check(verified)
    }
    #expect(try AdminContext.issue(name: "ops", by: fixture.authority, addresses: ["m1:8080"], now: Fixture.now).serial != context.serial)
  }

  @Test func survivesARotation() async throws {
    let rotated = try fixture.authority.rotated(now: Fixture.now)
    let file = try AdminContext.issue(name: "ops", by: rotated, addresses: ["m1:8080"], now: Fixture.now).file()
    #expect(try await AdminContext.imported(file, now: Fixture.now).credentials.trust == rotated.trust)
  }

  @Test func runsOut() async throws {
    let error = try await #require(refusal(context.file(), now: Fixture.now + Fixture.day * 91))
    #expect(error.code == .unauthenticated && error.message.contains("has run out"))
  }

  @Test func whatWasChangedIsRefused() async throws {
    let other = try Fixture()
    let theirs = try #require(
      try JSONSerialization.jsonObject(with: Data(AdminContext.issue(name: "ops", by: other.authority, addresses: ["x:1"], now: Fixture.now).file()))
        as? [String: Any])
    let key = try #require(String(decoding: context.file(), as: UTF8.self).split(separator: "\\n").first { $0.count == 64 })
    for bytes in [
      try edited { $0["key"] = theirs["key"] }, try edited { $0["roots"] = theirs["roots"] },
      try edited { $0["certificate"] = theirs["certificate"] },
      try edited { $0["cluster"] = "c2" }, try edited { $0["name"] = "root" }, try edited { $0["addresses"] = [String]() },
      try edited { $0["warrenContext"] = 2 }, try edited { $0["key"] = nil }, try edited { $0["roots"] = [String]() }, [], Array("{}".utf8),
    ] {
      let error = try await #require(refusal(bytes))
      #expect([.invalidArgument, .unauthenticated].contains(error.code))
      #expect(!error.description.contains(key))
    }
  }

  @Test func nodesCertificateIsNoContext() async throws {
    let key = P256.Signing.PrivateKey()
    let chain = try fixture.authority.issue(fixture.identity(.manager, "ops"), for: key.publicKey, now: Fixture.now)
    let bytes = try edited {
      $0["certificate"] = try chain.map { try $0.serializeAsPEM().pemString }
      $0["key"] = key.pemRepresentation
    }
    let error = try await #require(refusal(bytes))
    #expect(error.message.contains("not of an administrator"))
  }

  @Test func bounds() {
    for validity in [Duration.zero, .seconds(59), .seconds(11 * 365 * 86_400)] {
      #expect(throws: WarrenError.self) {
        try AdminContext.issue(name: "ops", by: fixture.authority, addresses: ["m1:1"], now: Fixture.now, validity: validity)
      }
    }
    #expect(throws: WarrenError.self) { try AdminContext.issue(name: "a/b", by: fixture.authority, addresses: ["m1:1"], now: Fixture.now) }
    #expect(throws: WarrenError.self) { try AdminContext.issue(name: "ops", by: fixture.authority, addresses: [], now: Fixture.now) }
    #expect("\(context)" == "context ops of cluster c1, certificate \(context.serial)")
  }
}
