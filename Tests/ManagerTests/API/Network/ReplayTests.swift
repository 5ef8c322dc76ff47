import ClusterModel
import ClusterSecurity
import ClusterTLS
import Crypto
import Foundation
import GRPCCore
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

/// What was sent once and is sent again by somebody who recorded it.
@Suite(.timeLimit(.minutes(10))) struct ReplayTests {
  private static func request(_ node: NodeID, _ role: ClusterNode.Role = .worker, token: String, key: P256.Signing.PrivateKey) throws
    -> Warren_V1_JoinClusterRequest
  {
    let der = try CertificateRequest.make(for: node, key: key)
    return .with {
      $0.token = token
      $0.certificateRequest = Data(der)
      $0.node = ClusterNode(id: node, roles: [role], description: NodeDescription(hostname: "\(node)")).wire
    }
  }

  private static func send(_ request: Warren_V1_JoinClusterRequest, to fixture: NetworkFixture) async throws -> Warren_V1_JoinClusterResponse {
    try await fixture.connected(fixture.strangersTLS()) { try await $0.joinCluster(request) }
  }

  @Test(arguments: [ClusterNode.Role.worker, .manager]) func aRequestToJoinMakesOneNodeOfItsOwnKey(_ role: ClusterNode.Role) async throws {
    try await NetworkFixture.run { fixture in
      let key = P256.Signing.PrivateKey()
      let request = try Self.request("n2", role, token: try await fixture.token(role), key: key)
      let first = try await Self.send(request, to: fixture)
      let (node, index) = (fixture.store.view.node("n2"), fixture.store.view.index)
      #expect(node != nil)
      let second = try await Self.send(request, to: fixture)
      #expect(fixture.store.view.index == index && fixture.store.view.node("n2") == node, "nothing is stored for it")
      for answer in [first, second] {
        #expect(try NodeCredentials(answer.issued, key: key).identity.node == "n2")
        #expect(throws: WarrenError.self, "who has not got the key has a certificate of somebody else") {
          try NodeCredentials(answer.issued, key: P256.Signing.PrivateKey())
        }
      }
      // Under another name, or with another key in its place, it is another request.
      var renamed = request
      renamed.node.id = "n3"
      #expect(await status { _ = try await Self.send(renamed, to: fixture) }?.code == .permissionDenied)
      // With the token it ends.
      _ = try await fixture.token(role, rotate: true)
      #expect(await status { _ = try await Self.send(request, to: fixture) }?.code == .unauthenticated)
      #expect(fixture.store.view.node("n3") == nil)
    }
  }

  @Test func aRemovedNodeIsNotBroughtBack() async throws {
    try await NetworkFixture.run { fixture in
      let token = try await fixture.token()
      let request = try Self.request("w1", token: token, key: P256.Signing.PrivateKey())
      _ = try await Self.send(request, to: fixture)
      try await fixture.store.update { transaction in
        if let node = transaction.view.node("w1") { try transaction.removeNode(node) }
      }
      let refusal = await status { _ = try await Self.send(request, to: fixture) }
      #expect(refusal?.code == .permissionDenied && refusal?.message.contains("of a node that was removed") == true)
      #expect(fixture.store.view.node("w1") == nil)
      _ = try await Self.send(Self.request("w1", token: token, key: P256.Signing.PrivateKey()), to: fixture)
      #expect(fixture.store.view.node("w1") != nil, "the machine, with another key")
    }
  }

  @Test func aRenewalIsOfWhoAsksForIt() async throws {
    try await NetworkFixture.run { fixture in
      let (own, other) = (try await fixture.member(.worker, "w1"), try await fixture.member(.worker, "w2"))
      let key = P256.Signing.PrivateKey()
      let recorded = Warren_V1_RequestCertificateRequest.with {
        $0.certificateRequest = Data((try? CertificateRequest.make(for: "w1", key: key)) ?? [])
      }
      _ = try await fixture.connected(own) { try await $0.requestCertificate(recorded) }
      let keys = fixture.store.view.node("w1")?.keys
      let refusal = await status { try await fixture.connected(other) { _ = try await $0.requestCertificate(recorded) } }
      #expect(refusal?.code == .permissionDenied && refusal?.message.contains("a node can only ask for its own") == true)
      #expect(await status { try await fixture.connected(nil) { _ = try await $0.requestCertificate(recorded) } }?.code == .unauthenticated)
      #expect(fixture.store.view.node("w1")?.keys == keys)
    }
  }
}
