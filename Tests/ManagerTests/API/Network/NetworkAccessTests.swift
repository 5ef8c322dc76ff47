import ClusterModel
import ClusterSecurity
import ClusterTLS
import Crypto
import Foundation
import GRPCCore
import SwiftProtobuf
import TestKit
import Testing
import WarrenAPI

@testable import Manager

/// Who gets through to what, over TLS.
@Suite(.timeLimit(.minutes(10))) struct NetworkAccessTests {
  private static func list(_ stub: NetworkFixture.Stub) async throws { _ = try await stub.listNodes(.init()) }
  private static func info(_ stub: NetworkFixture.Stub) async throws { _ = try await stub.getClusterInfo(.init()) }

  @Test func aStrangerMayOnlyJoin() async throws {
    try await NetworkFixture.run { fixture in
      try await fixture.connected(nil) { stub in
        let refusal = await status { try await Self.info(stub) }
        #expect(refusal?.code == .unauthenticated && refusal?.message.contains("the caller has no certificate of this cluster") == true)
        // Let through to the exchange, which looks at the token.
        #expect(await status { _ = try await stub.joinCluster(.init()) }?.code == .invalidArgument)
      }
    }
  }

  @Test func rolesAreKeptApart() async throws {
    try await NetworkFixture.run { fixture in
      let worker = try await fixture.member(.worker, "w1")
      try await fixture.connected(try await fixture.member(.admin, "alice")) { try await Self.list($0) }
      try await fixture.connected(try await fixture.member(.manager, "m2")) { try await Self.list($0) }
      try await fixture.connected(worker) { stub in
        try await Self.info(stub)
        let refusal = await status { try await Self.list(stub) }
        #expect(refusal?.code == .permissionDenied)
        #expect(refusal?.message.contains("admin, manager") == true && refusal?.message.contains("w1 has the role worker") == true)
      }
    }
  }

  @Test func aCertificateOfAnotherAuthorityIsNobodys() async throws {
    try await NetworkFixture.run { fixture in
      // The same cluster's name, another key: what anybody can make.
      let forged = try CertificateAuthority.create(cluster: NetworkFixture.cluster, now: fixture.clock.now)
      let fake = try NetworkFixture.credentials(.admin, "mallory", by: forged, now: fixture.clock.now)
      let trusting = try NodeCredentials(chain: fake.chain, key: fake.key, trust: try fixture.authority.trust)
      try await fixture.connected(trusting) { stub in
        let refusal = await status { try await Self.list(stub) }
        #expect(refusal?.code == .unauthenticated && refusal?.message.contains("is not of this cluster") == true)
      }
    }
  }

  @Test func aCertificateThatRanOutIsGoodForItsRenewalOnly() async throws {
    try await NetworkFixture.run { fixture in
      let worker = try await fixture.member(.worker, "w1")
      try await fixture.connected(worker) { try await Self.info($0) }
      // The server's own has to live on.
      let old = try await fixture.member(.worker, "w2", validity: .seconds(86_400))
      try await fixture.connected(old) { stub in
        try await Self.info(stub)
        fixture.clock.now = fixture.clock.now + .seconds(2 * 86_400)
        // On the connection that was made while it was valid, too.
        let refusal = await status { try await Self.info(stub) }
        #expect(refusal?.code == .unauthenticated && refusal?.message.contains("has run out") == true)
        let key = P256.Signing.PrivateKey()
        let request = try CertificateRequest.make(for: "w2", key: key)
        let answer = try await stub.requestCertificate(.with { $0.certificateRequest = Data(request) })
        let renewed = try NodeCredentials(answer.issued, key: key)
        try await fixture.connected(renewed) { try await Self.info($0) }
      }
    }
  }

  @Test func whoIsRemovedOrRevokedIsCutOffAndRefused() async throws {
    try await NetworkFixture.run { fixture in
      let (worker, admin) = (try await fixture.member(.worker, "w1"), try await fixture.member(.admin, "alice"))
      for (credentials, remove) in [(worker, true), (admin, false)] {
        try await fixture.connected(credentials) { stub in
          try await Self.info(stub)
          let before = fixture.gate.counts.all
          try await fixture.store.update { transaction in
            if remove, let node = transaction.view.node("w1") { return try transaction.remove(node) }
            guard let cluster = transaction.view.cluster else { return }
            let certificate = credentials.certificate
            let entry = RevokedCertificate(
              serial: certificate.serialText, subject: "alice", expiresAt: fixture.clock.now + AdminContext.defaultValidity)
            try transaction.put(cluster.revoking(entry, now: fixture.clock.now))
          }
          try await eventually("the connection is cut") { fixture.gate.counts.all < before }
        }
        try await fixture.connected(credentials) { stub in
          let refusal = await status { try await Self.info(stub) }
          #expect(refusal?.code == .unauthenticated)
          #expect(refusal?.message.contains(remove ? "is no node of the cluster" : "was revoked") == true)
        }
      }
    }
  }

  @Test func aWorkerSeesItsOwnOnly() async throws {
    try await NetworkFixture.run { fixture in
      let worker = try await fixture.member(.worker, "w1")
      _ = try await fixture.member(.worker, "w2")
      for (id, node) in [("t1", "w1"), ("t2", "w2")] as [(TaskID, NodeID)] {
        var task = ClusterTask(
          id: id, serviceID: "s1", serviceName: "web", slot: 1, revision: 1, spec: TaskSpec(container: ContainerSpec(image: "nginx")))
        task.nodeID = node
        let new = task
        try await fixture.store.update { try $0.put(new) }
      }
      try await fixture.connected(worker) { stub in
        #expect(try await stub.listTasks(.init()).tasks.map(\.id) == ["t1"])
        #expect(try await stub.getTask(.with { $0.id = "t1" }).task.id == "t1")
        let others = [
          await status { _ = try await stub.getTask(.with { $0.id = "t2" }) }, await status { _ = try await stub.getTask(.with { $0.id = "t3" }) },
          await status { _ = try await stub.listTasks(.with { $0.nodeID = "w2" }) },
          await status { _ = try await stub.getNode(.with { $0.id = "w2" }) },
        ]
        for refusal in others { #expect(refusal?.code == .permissionDenied) }
        let seen = try await stub.watchTasks(.init()) { response -> [String] in
          var seen: [String] = []
          for try await change in response.messages {
            if change.kind == .synced { break }
            seen.append(change.task.id)
          }
          return seen
        }
        #expect(seen == ["t1"])
      }
    }
  }

  @Test func onlyAManagerMayCallForSomebodyElse() async throws {
    try await NetworkFixture.run { fixture in
      let identity = try NodeIdentity(cluster: NetworkFixture.cluster, node: "alice", role: .admin)
      let metadata: Metadata = [Caller.forwardedKey: .string(identity.uri)]
      let (worker, manager) = (try await fixture.member(.worker, "w1"), try await fixture.member(.manager, "m2"))
      let refusal = await status {
        try await fixture.connected(worker) { _ = try await $0.generateJoinToken(.with { $0.role = .worker }, metadata: metadata) }
      }
      #expect(refusal?.code == .permissionDenied && refusal?.message.contains("only managers pass calls on") == true)
      let token = try await fixture.connected(manager) { try await $0.generateJoinToken(.with { $0.role = .worker }, metadata: metadata) }
      #expect(token.token.count == 64)
      // Its own word is not enough for what is for people.
      #expect(
        await status { try await fixture.connected(manager) { _ = try await $0.generateJoinToken(.with { $0.role = .worker }) } }?.code
          == .permissionDenied)
    }
  }
}
