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

/// Joining over a real connection.
@Suite(.timeLimit(.minutes(10))) struct JoinTests {
  @Test func aWorkerJoinsAndThenIsKnown() async throws {
    try await NetworkFixture.run { fixture in
      let member = try await fixture.join("w1", token: try await fixture.token()).run()
      #expect(member.cluster == NetworkFixture.cluster && member.credentials.identity.role == .worker && member.sealingKeys == nil)
      #expect(member.managers == [.init(node: "m1", apiAddress: "m1:8080", raftAddress: "m1:7946")])
      let stored = try #require(fixture.store.view.node("w1"))
      #expect(stored.roles == [.worker] && stored.state == .down && stored.keys == [member.credentials.certificate.keyFingerprint])
      let seen = try await fixture.connected(member.credentials) { try await $0.getNode(.with { $0.id = "w1" }) }
      #expect(seen.node.id == "w1")
    }
  }

  @Test func aManagerGetsTheSealingKeysAndCanSign() async throws {
    try await NetworkFixture.run { fixture in
      let member = try await fixture.join("m2", .manager, token: try await fixture.token(.manager)).run()
      let keys = try #require(member.sealingKeys)
      #expect(keys == fixture.keys && member.credentials.identity.role == .manager)
      _ = try CertificateAuthority(#require(fixture.store.view.cluster?.authority), cluster: NetworkFixture.cluster, sealedWith: keys)
    }
  }

  @Test func anAnswerThatWasLostIsGivenAgainAndAnotherKeyGetsNothing() async throws {
    try await NetworkFixture.run { fixture in
      let token = try await fixture.token()
      let join = try fixture.join("w1", token: token)
      let first = try await join.run()
      let second = try await join.run()
      #expect(first.credentials.certificate.keyFingerprint == second.credentials.certificate.keyFingerprint)
      let refusal = await failure { _ = try await fixture.join("w1", token: token).run() }
      #expect(refusal?.code == .alreadyExists && refusal?.message.contains("warren node remove w1") == true)
    }
  }

  @Test func tokensOfAnotherKindAreRefusedWithTheReason() async throws {
    try await NetworkFixture.run { fixture in
      let worker = try await fixture.token(.worker)
      let manager = try await fixture.token(.manager)
      func refusal(_ role: ClusterNode.Role, _ token: String) async -> (code: WarrenError.Code, message: String)? {
        await failure { _ = try await fixture.join("x", role, token: token).run() }
      }
      let wrong = await refusal(.manager, worker)
      #expect(wrong?.code == .permissionDenied && wrong?.message.contains("is for a worker, not for a manager") == true)
      #expect(await refusal(.worker, manager)?.code == .permissionDenied)
      let unknown = await refusal(.worker, String(worker.prefix(32)) + String(repeating: "7", count: 32))
      #expect(unknown?.code == .unauthenticated && unknown?.message.contains("not known here") == true)
      _ = try await fixture.token(.worker, rotate: true)
      #expect(await refusal(.worker, worker)?.message.contains("was replaced by another") == true)
      fixture.clock.now = fixture.clock.now + .seconds(86_401)
      #expect(await refusal(.manager, manager)?.message.contains("ran out at") == true)
      #expect(fixture.store.view.node("x") == nil)
      for text in ["", "abc", String(repeating: "G", count: 64)] {
        #expect(await refusal(.worker, text)?.code == .invalidArgument)
      }
    }
  }

  /// The token is not shown to a manager of another cluster, which could use it.
  @Test func nothingIsSentToAnotherCluster() async throws {
    try await NetworkFixture.run { other in
      try await NetworkFixture.run { fixture in
        let token = try await fixture.token()
        let refusal = await failure { _ = try await fixture.join("w1", token: token, at: [other.address]).run() }
        #expect(refusal?.code == .unauthenticated && refusal?.message.contains("this is not the cluster that the token is of") == true)
        #expect(other.store.view.node("w1") == nil)
      }
    }
  }

  @Test func eachAddressThatFailsIsNamedWithItsReasonAndTheNextIsTried() async throws {
    try await NetworkFixture.run { fixture in
      let free = try TCPListener(host: "127.0.0.1", port: 0)
      close(free.descriptor)
      let dead = "127.0.0.1:\(free.port)"
      let token = try await fixture.token()
      let refusal = await failure { _ = try await fixture.join("w1", token: token, at: [dead, "nowhere.invalid:8080"]).run() }
      #expect(refusal?.code == .unavailable)
      #expect(refusal?.message.contains("\(dead): connection refused") == true)
      #expect(refusal?.message.contains("nowhere.invalid:8080: the host name nowhere.invalid cannot be resolved") == true)
      let member = try await fixture.join("w1", token: token, at: [dead, fixture.address]).run()
      #expect(member.through.description == fixture.address)
    }
  }

  @Test func whatIsNoManagerIsCalledSo() async throws {
    try await NetworkFixture.run { fixture in
      let plain = try PlainServer("HTTP/1.1 400 Bad Request\r\n\r\n")
      defer { plain.close() }
      let refusal = await failure { _ = try await fixture.join("w1", token: try await fixture.token(), at: ["127.0.0.1:\(plain.port)"]).run() }
      #expect(refusal?.message.contains("no manager of warren") == true)
    }
  }

  @Test func whoFailsAgainAndAgainHasToWait() async throws {
    try await NetworkFixture.run { fixture in
      let good = try await fixture.token()
      let bad = String(good.prefix(32)) + String(repeating: "7", count: 32)
      for _ in 0..<JoinThrottle.burst { #expect(await failure { _ = try await fixture.join("w1", token: bad).run() }?.code == .unauthenticated) }
      #expect(await failure { _ = try await fixture.join("w1", token: good).run() }?.code == .resourceExhausted)
      fixture.clock.now = fixture.clock.now + .seconds(60)
      _ = try await fixture.join("w1", token: good).run()
    }
  }

  /// By how much, and what to do; the cluster stays as it is.
  @Test func aClockThatIsFarOffIsNamed() async throws {
    let day = Duration.seconds(86_400)
    try await NetworkFixture.run { fixture in
      func refusal(_ lead: Duration) async throws -> (code: WarrenError.Code, message: String)? {
        let token = try await fixture.token()
        let index = fixture.store.view.index
        defer { #expect(fixture.store.view.index == index && fixture.store.view.node("w1") == nil) }
        let refusal = await failure { _ = try await fixture.join("w1", token: token, lead: lead).run() }
        #expect(refusal?.message.contains("set the clocks right, for example with NTP, then join again") == true)
        #expect(refusal?.message.contains("\n") == false)
        return refusal
      }
      // So far that it does not take the manager's certificate.
      #expect(try await refusal(day * -2)?.message.contains("this machine's clock is at least 47 h behind that of manager m1") == true)
      #expect(try await refusal(day * 100)?.message.contains("this machine's clock is at least 10 days ahead") == true)
      // Less, but so far that others would not take the certificates of one another.
      let ahead = try await refusal(day * 3)
      #expect(ahead?.code == .failedPrecondition && ahead?.message.contains("the clock of node w1 is 3 days ahead of that of manager m1") == true)
      fixture.clock.now = fixture.clock.now + day * 10
      #expect(try await refusal(.seconds(-660))?.message.contains("the clock of node w1 is 11 min behind that of manager m1") == true)
      _ = try await fixture.join("w1", token: try await fixture.token(), lead: .seconds(-540)).run()
      _ = try await fixture.join("w2", token: try await fixture.token(), lead: .seconds(540)).run()
    }
  }

  @Test func anotherVersionOfTheAPIIsNamed() async throws {
    try await NetworkFixture.run { fixture in
      let token = try await fixture.token()
      let newer = APIVersion.spoken.upperBound + 1
      let index = fixture.store.view.index
      let refusal = await failure { _ = try await fixture.join("w1", token: token, apiVersions: newer...newer + 1).run() }
      #expect(refusal?.code == .failedPrecondition)
      #expect(
        refusal?.message
          == "node w1 is of warren 9.9.9, which speaks version \(newer + 1) of the API, and manager m1 of warren 1.2.3, which speaks version "
          + "\(newer - 1); install the same version here and there, then join again")
      #expect(fixture.store.view.index == index)
      _ = try await fixture.join("w1", token: token, apiVersions: 1...newer).run()
      // Of before versions were told, and clocks compared.
      try await fixture.connected(fixture.strangersTLS()) { stub in
        let request = try CertificateRequest.make(for: "w2", key: P256.Signing.PrivateKey())
        let node = ClusterNode(id: "w2", roles: [.worker], description: NodeDescription(hostname: "w2"))
        let answer = try await stub.joinCluster(.with { ($0.token, $0.certificateRequest, $0.node) = (token, Data(request), node.wire) })
        #expect(!answer.issued.chain.isEmpty)
      }
    }
  }
}
