import ClusterModel
import ClusterSecurity
import ClusterTLS
import Crypto
import Foundation
import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf
import TestKit
import Testing
import WarrenAPI

@testable import Manager

/// Certificates that are replaced while everything runs.
@Suite(.timeLimit(.minutes(10))) struct RenewalTests {
  private static let day = Duration.seconds(86_400)

  /// The service of a worker, on a clock that the test turns.
  private static func renewing(
    _ fixture: NetworkFixture, _ credentials: CurrentCredentials, kept: NIOLockedValueBox<[NodeCredentials]>, clock: ManualClock,
    _ body: () async throws -> Void
  ) async throws {
    let calls = CertificateCalls(credentials, patience: NetworkFixture.patience, now: { fixture.clock.now }) { [fixture.address] }
    let service = CertificateRenewal(
      credentials, look: .seconds(60), now: { fixture.clock.now }, clock: clock, random: { 0 }, logger: APIFixture.logger,
      keep: { new in kept.withLockedValue { $0.append(new) } }, authority: { await calls.authority() }
    ) { request, key in try await calls.renew(request, key).credentials }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await service.run() }
      try await body()
      group.cancelAll()
    }
  }

  private static func serial(_ credentials: CurrentCredentials) -> String? { credentials.value?.certificate.serialText }

  @Test func aCertificateIsRenewedAtHalfItsLifeAndOldConnectionsGoOn() async throws {
    try await NetworkFixture.run { fixture in
      let credentials = CurrentCredentials(try await fixture.member(.worker, "w1"))
      let (first, kept, clock) = (Self.serial(credentials), NIOLockedValueBox<[NodeCredentials]>([]), ManualClock())
      try await fixture.connected(ManagerTLS(credentials, patience: NetworkFixture.patience, now: { fixture.clock.now })) { stub in
        _ = try await stub.getClusterInfo(.init())
        try await Self.renewing(fixture, credentials, kept: kept, clock: clock) {
          fixture.clock.now = fixture.clock.now + Self.day * 46
          try await eventually("it is renewed") {
            clock.advance(by: .seconds(60))
            return Self.serial(credentials) != first
          }
        }
        // The connection was made with the old one, which counts until the next renewal.
        _ = try await stub.getClusterInfo(.init())
      }
      #expect(kept.withLockedValue { $0.last?.certificate.serialText } == Self.serial(credentials))
      #expect(fixture.store.view.node("w1")?.keys.count == 2)
      try await fixture.connected(ManagerTLS(credentials, patience: NetworkFixture.patience, now: { fixture.clock.now })) {
        _ = try await $0.getClusterInfo(.init())
      }
    }
  }

  @Test func aPromotedNodeGetsTheCertificateOfItsNewRole() async throws {
    try await NetworkFixture.run { fixture in
      let worker = try await fixture.member(.worker, "w1")
      let calls = CertificateCalls(CurrentCredentials(worker), patience: NetworkFixture.patience, now: { fixture.clock.now }) { [fixture.address] }
      #expect(await calls.authority() != "")
      try await fixture.store.update { transaction in
        guard var node = transaction.view.node("w1") else { return }
        node.roles.insert(.manager)
        try transaction.put(node)
      }
      let refusal = await status { try await fixture.connected(worker) { _ = try await $0.getClusterInfo(.init()) } }
      #expect(refusal?.message.contains("is no worker any more") == true)
      #expect(await calls.authority() == "")
      let key = P256.Signing.PrivateKey()
      let renewed = try await calls.renew(try CertificateRequest.make(for: "w1", key: key), key)
      #expect(renewed.credentials.identity.role == .manager && renewed.sealingKeys == fixture.keys)
    }
  }

  @Test func theAuthorityIsReplacedWhileNodesAndPeopleStay() async throws {
    try await NetworkFixture.run { fixture in
      let credentials = CurrentCredentials(try await fixture.member(.worker, "w1"))
      let away = try await fixture.member(.worker, "w2")
      let admin = try await fixture.member(.admin, "alice")
      let token = try await fixture.token()
      let old = try fixture.authority.pin
      try await fixture.connected(admin) { stub in
        let state = try await stub.rotateAuthority(.with { $0.begin = true })
        #expect(state.underWay && state.waitingFor == ["m1", "w1", "w2"] && state.pin != old.text)
        #expect(await status { _ = try await stub.rotateAuthority(.with { $0.begin = true }) }?.code == .failedPrecondition)
      }
      // Both count: a token of the old, and certificates of the old at a manager with a new one.
      fixture.serverCredentials.replace(try await fixture.renewed("m1"))
      _ = try await fixture.join("w3", token: token).run()
      try await fixture.connected(admin) { _ = try await $0.getClusterInfo(.init()) }
      let kept = NIOLockedValueBox<[NodeCredentials]>([])
      let clock = ManualClock()
      try await Self.renewing(fixture, credentials, kept: kept, clock: clock) {
        try await eventually("it is renewed") {
          clock.advance(by: .seconds(60))
          return !kept.withLockedValue { $0.isEmpty }
        }
      }
      #expect(try credentials.value?.trust.pins.first == fixture.authority.pin)
      let rotation = AuthorityRotation(store: fixture.store, log: fixture.log, logger: APIFixture.logger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await rotation.run() }
        #expect(try AuthorityRotation.State(fixture.store.view).waitingFor == ["w2"])
        let calls = CertificateCalls(CurrentCredentials(away), patience: NetworkFixture.patience, now: { fixture.clock.now }) { [fixture.address] }
        let key = P256.Signing.PrivateKey()
        _ = try await calls.renew(try CertificateRequest.make(for: "w2", key: key), key)
        try await eventually("the rotation is over") { try !AuthorityRotation.State(fixture.store.view).isUnderWay }
        group.cancelAll()
      }
      let refusal = await status { try await fixture.connected(admin) { _ = try await $0.getClusterInfo(.init()) } }
      #expect(refusal?.code == .unauthenticated && refusal?.message.contains("is not trusted here") == true)
      try await fixture.connected(ManagerTLS(credentials, patience: NetworkFixture.patience, now: { fixture.clock.now })) {
        _ = try await $0.getClusterInfo(.init())
      }
    }
  }
}
