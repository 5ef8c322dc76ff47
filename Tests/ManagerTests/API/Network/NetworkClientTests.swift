import ClusterModel
import ClusterSecurity
import ClusterTLS
import Crypto
import Foundation
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

/// `WarrenClient` over TLS, to several managers.
@Suite(.timeLimit(.minutes(10))) struct NetworkClientTests {
  private static func info(_ fixture: NetworkFixture, _ credentials: NodeCredentials, at addresses: [String]) async throws -> String {
    let tls = ManagerTLS(CurrentCredentials(credentials), patience: NetworkFixture.patience, now: { fixture.clock.now })
    return try await WarrenClient.connected(to: try ManagerReach(addresses), tls: tls, patience: .milliseconds(500)) { client in
      try await client.call { try await $0.getClusterInfo(.init()) }.clusterID
    }
  }

  private static func deadAddress() throws -> String {
    let listener = try TCPListener(host: "127.0.0.1", port: 0)
    close(listener.descriptor)
    return "127.0.0.1:\(listener.port)"
  }

  @Test func theNextIsTriedWhenOneIsDown() async throws {
    try await NetworkFixture.run { fixture in
      let admin = try await fixture.member(.admin, "alice")
      let dead = try Self.deadAddress()
      #expect(try await Self.info(fixture, admin, at: [dead, "nowhere.invalid:1", fixture.address]) == "c1")
    }
  }

  @Test func whenNoneAnswersEachIsNamedWithItsReason() async throws {
    try await NetworkFixture.run { fixture in
      let admin = try await fixture.member(.admin, "alice")
      let dead = try Self.deadAddress()
      let refusal = await failure { _ = try await Self.info(fixture, admin, at: [dead, "nowhere.invalid:1"]) }
      #expect(refusal?.code == .unavailable)
      #expect(refusal?.message.contains("\(dead): connection refused") == true)
      #expect(refusal?.message.contains("nowhere.invalid:1: the host name nowhere.invalid cannot be resolved") == true)
      #expect(await failure { _ = try await Self.info(fixture, admin, at: ["nonsense"]) }?.code == .invalidArgument)
    }
  }

  @Test func aManagerOfAnotherClusterIsNotBelieved() async throws {
    try await NetworkFixture.run { other in
      try await NetworkFixture.run { fixture in
        let admin = try await fixture.member(.admin, "alice")
        let refusal = await failure { _ = try await Self.info(fixture, admin, at: [other.address]) }
        #expect(refusal?.code == .unauthenticated && refusal?.message.contains("is not of this cluster") == true)
      }
    }
  }

  /// A worker's certificate is good for a server in the eyes of a TLS library.
  @Test func whoIsNoManagerIsNotBelieved() async throws {
    try await NetworkFixture.run { fixture in
      fixture.serverCredentials.replace(try await fixture.member(.worker, "w9"))
      let admin = try await fixture.member(.admin, "alice")
      let refusal = await failure { _ = try await Self.info(fixture, admin, at: [fixture.address]) }
      #expect(refusal?.code == .unauthenticated && refusal?.message.contains("where a manager was looked for") == true)
    }
  }

  @Test func aContextIsExportedUsedAndRevoked() async throws {
    try await NetworkFixture.run { fixture in
      let key = P256.Signing.PrivateKey()
      let request = try CertificateRequest.make(for: "laptop", key: key)
      let context = try await WarrenClient.connected(to: fixture.socketPath) { client in
        let answer = try await client.call { try await $0.issueAdminCertificate(.with { $0.certificateRequest = Data(request) }) }
        #expect(answer.addresses == ["m1:8080"])
        return try AdminContext(addresses: [fixture.address], credentials: NodeCredentials(answer.issued, key: key))
      }
      let imported = try await AdminContext.imported(try context.file(), now: fixture.clock.now)
      #expect(imported.name == "laptop" && imported.serial == context.serial)
      #expect(try await Self.info(fixture, imported.credentials, at: imported.addresses) == "c1")
      try await WarrenClient.connected(to: fixture.socketPath) { client in
        for bad in ["", "xyz", String(repeating: "a", count: 41)] {
          #expect(await failure { _ = try await client.call { try await $0.revokeCertificate(.with { $0.serial = bad }) } }?.code == .invalidArgument)
        }
        _ = try await client.call { try await $0.revokeCertificate(.with { $0.serial = context.serial }) }
      }
      let refusal = await failure { _ = try await Self.info(fixture, imported.credentials, at: imported.addresses) }
      #expect(refusal?.code == .unauthenticated && refusal?.message.contains("was revoked") == true)
    }
  }
}
