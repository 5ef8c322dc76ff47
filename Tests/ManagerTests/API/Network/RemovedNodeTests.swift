import ClusterModel
import ClusterSecurity
import ClusterTLS
import Crypto
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

/// What a node may do to itself, and what it hears afterwards.
@Suite(.timeLimit(.minutes(10))) struct RemovedNodeTests {
  @Test func aNodeDrainsAndRemovesItselfAndNoOther() async throws {
    try await NetworkFixture.run { fixture in
      let credentials = try await fixture.member(.worker, "w1")
      _ = try await fixture.member(.worker, "w2")
      try await fixture.connected(credentials) { stub in
        for id in ["w2", "m1", ""] {
          #expect(await status { _ = try await stub.removeNode(.with { $0.id = id }) }?.code == .permissionDenied)
          #expect(await status { _ = try await stub.updateNode(.with { ($0.id, $0.availability) = (id, .drain) }) }?.code == .permissionDenied)
        }
        #expect(await status { _ = try await stub.updateNode(.with { ($0.id, $0.labels) = ("w1", ["zone": "a"]) }) }?.code == .permissionDenied)
        #expect(await status { _ = try await stub.changeNodeRole(.with { ($0.id, $0.role) = ("w1", .manager) }) }?.code == .permissionDenied)
        _ = try await stub.updateNode(.with { ($0.id, $0.availability) = ("w1", .drain) })
      }
      #expect(fixture.store.view.node("w1")?.availability == .drain)
      // The answer may be lost: its connection is cut.
      _ = try? await fixture.connected(credentials) { _ = try await $0.removeNode(.with { $0.id = "w1" }) }
      #expect(fixture.store.view.node("w1") == nil && fixture.store.view.node("w2") != nil)
      let calls = CertificateCalls(CurrentCredentials(credentials), patience: NetworkFixture.patience, now: { fixture.clock.now }) {
        [fixture.address]
      }
      let key = P256.Signing.PrivateKey()
      let request = try CertificateRequest.make(for: "w1", key: key)
      let removed = await #expect(throws: WarrenError.self) { _ = try await calls.renew(request, key) }
      #expect(removed?.reason == .nodeRemoved && removed?.message.contains("was removed") == true)
    }
  }

  @Test func aNodeTheClusterNeverHeardOfIsNotToldThatItWasRemoved() async throws {
    try await NetworkFixture.run { fixture in
      let stranger = try NetworkFixture.credentials(.worker, "w9", by: fixture.authority, now: fixture.clock.now)
      let calls = CertificateCalls(CurrentCredentials(stranger), patience: NetworkFixture.patience, now: { fixture.clock.now }) { [fixture.address] }
      let key = P256.Signing.PrivateKey()
      let request = try CertificateRequest.make(for: "w9", key: key)
      let refusal = await #expect(throws: WarrenError.self) { _ = try await calls.renew(request, key) }
      #expect(refusal?.code == .unauthenticated && refusal?.reason == nil)
    }
  }

  @Test func aCertificateIsNotRenewedWhileTheRoleIsNotDecided() async throws {
    try await NetworkFixture.run { fixture in
      let credentials = try await fixture.member(.manager, "m2")
      let calls = CertificateCalls(CurrentCredentials(credentials), patience: NetworkFixture.patience, now: { fixture.clock.now }) {
        [fixture.address]
      }
      func renew(asNewMember: Bool = false) async throws -> CertificateCalls.Renewed {
        let key = P256.Signing.PrivateKey()
        return try await calls.renew(try CertificateRequest.make(for: "m2", key: key), key, asNewMember: asNewMember)
      }
      func change(_ body: @Sendable @escaping (inout ClusterNode) -> Void) async throws {
        try await fixture.store.update { transaction in
          guard var node = transaction.view.node("m2") else { return }
          body(&node)
          try transaction.put(node)
        }
      }
      // Of a manager that has lost its log.
      let again = try await renew(asNewMember: true)
      let number = try #require(fixture.store.view.node("m2")?.memberID)
      #expect(number > 0 && again.managers.contains { $0.node == "m2" && $0.memberID == number } && again.sealingKeys == fixture.keys)
      try await change { $0.roles = [.worker] }
      #expect(await failure { _ = try await renew() }?.code == .unavailable, "it is still a member of Raft")
      try await change { $0.memberID = 0 }
      let demoted = try await renew()
      #expect(demoted.credentials.identity.role == .worker && demoted.sealingKeys == nil && demoted.managers.isEmpty)
    }
  }
}
