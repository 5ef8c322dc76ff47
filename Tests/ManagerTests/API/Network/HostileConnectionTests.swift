import ClusterModel
import ClusterSecurity
import ClusterTLS
import Foundation
import GRPCCore
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import SwiftProtobuf
import TestKit
import Testing
import WarrenAPI

@testable import Manager

/// Connections that are not what they should be: the port gets rid of them, and serves on.
@Suite(.timeLimit(.minutes(10))) struct HostileConnectionTests {
  private static func connect(
    _ fixture: NetworkFixture, _ prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }
  ) async throws -> any Channel {
    try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try prepare(channel) }
    }.connect(host: "127.0.0.1", port: fixture.port).get()
  }

  private static func expectServing(_ fixture: NetworkFixture) async throws {
    let worker = try await fixture.member(.worker, "w1")
    try await fixture.connected(worker) { _ = try await $0.getClusterInfo(.init()) }
  }

  private static func untilOnly(_ count: Int, at fixture: NetworkFixture) async throws {
    try await eventually("the others are gone") { fixture.gate.counts.all <= count }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func randomBytesInPlaceOfTLS(_ seed: UInt64) async throws {
    try await NetworkFixture.run { fixture in
      var random = SeededGenerator(seed: seed)
      for _ in 0..<25 {
        let channel = try await Self.connect(fixture)
        var bytes = (0..<Int.random(in: 1...2000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        // Some begin as a handshake does.
        if Bool.random(using: &random) { bytes = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3] + bytes }
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        try? await channel.close()
      }
      try await Self.untilOnly(0, at: fixture)
      try await Self.expectServing(fixture)
    }
  }

  @Test(arguments: [5, 6, 7, 8] as [UInt64]) func randomBytesInPlaceOfHTTP(_ seed: UInt64) async throws {
    try await NetworkFixture.run { fixture in
      var random = SeededGenerator(seed: seed)
      let worker = try await fixture.member(.worker, "w2")
      let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
      for round in 0..<20 {
        let tls =
          round % 2 == 0
          ? try fixture.strangersTLS() : ManagerTLS(CurrentCredentials(worker), patience: NetworkFixture.patience, now: { fixture.clock.now })
        let channel = try await Self.connect(fixture) { try tls.secure($0) }
        let bytes = (0..<Int.random(in: 1...4000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        try? await channel.writeAndFlush(ByteBuffer(bytes: Bool.random(using: &random) ? preface + bytes : bytes))
        try? await channel.close()
      }
      try await Self.untilOnly(0, at: fixture)
      try await Self.expectServing(fixture)
    }
  }

  @Test func olderVersionsOfTLSAreRefused() async throws {
    try await NetworkFixture.run { fixture in
      for version in [TLSVersion.tlsv1, .tlsv11, .tlsv12] {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.minimumTLSVersion = .tlsv1
        configuration.maximumTLSVersion = version
        let context = try NIOSSLContext(configuration: configuration)
        let failure = Failure()
        let channel = try await Self.connect(fixture) { channel in
          try channel.pipeline.syncOperations.addHandlers([try NIOSSLClientHandler(context: context, serverHostname: nil), failure])
        }
        try await channel.closeFuture.get()
        #expect(failure.text.withLockedValue { $0 }.contains("ALERT_PROTOCOL_VERSION"))
      }
      try await Self.expectServing(fixture)
    }
  }

  @Test func whoDoesNotFinishTheHandshakeIsCutOff() async throws {
    var limits = ConnectionGate.Limits()
    limits.handshake = .milliseconds(50)
    try await NetworkFixture.run(limits: limits) { fixture in
      let channel = try await Self.connect(fixture)
      try await channel.closeFuture.get()
    }
  }

  @Test func aStrangerMayNotStay() async throws {
    var limits = ConnectionGate.Limits()
    (limits.strangersStay, limits.handshake) = (.milliseconds(50), NetworkFixture.patience)
    try await NetworkFixture.run(limits: limits) { fixture in
      let tls = try fixture.strangersTLS()
      let channel = try await Self.connect(fixture) { try tls.secure($0) }
      try await channel.closeFuture.get()
    }
  }

  @Test func strangersAreFewAndThoseWhoAreKnownComeInBesideThem() async throws {
    var limits = ConnectionGate.Limits()
    (limits.mostStrangers, limits.mostStrangersOfOneSource, limits.handshake) = (4, 3, NetworkFixture.patience)
    try await NetworkFixture.run(limits: limits) { fixture in
      var open: [any Channel] = []
      for _ in 0..<2 { open.append(try await Self.connect(fixture)) }
      try await eventually("two strangers are there") { fixture.gate.counts.strangers >= 2 }
      // A node is among the strangers until its handshake is over, and makes room then.
      let worker = try await fixture.member(.worker, "w1")
      let admin = try await fixture.member(.admin, "alice")
      try await fixture.connected(worker) { one in
        _ = try await one.getClusterInfo(.init())
        try await fixture.connected(admin) { other in
          _ = try await other.getClusterInfo(.init())
          #expect(fixture.gate.counts.strangers == 2)
        }
      }
      open.append(try await Self.connect(fixture))
      try await eventually("a third is there") { fixture.gate.counts.strangers >= 3 }
      let oneTooMany = try await Self.connect(fixture)
      try await oneTooMany.closeFuture.get()
      for channel in open { try? await channel.close() }
    }
  }

  @Test func aMessageThatIsTooLargeEndsItsCallOnly() async throws {
    try await NetworkFixture.run { fixture in
      let admin = try await fixture.member(.admin, "alice")
      try await fixture.connected(admin) { stub in
        let huge = String(repeating: "x", count: RequestLimit.mostBytes + 1)
        #expect(await status { _ = try await stub.getService(.with { $0.id = huge }) } != nil)
        _ = try await stub.getClusterInfo(.init())
      }
      let joining = try fixture.strangersTLS()
      try await fixture.connected(joining) { stub in
        let refusal = await status { _ = try await stub.joinCluster(.with { $0.node.labels = ["a": String(repeating: "x", count: 70_000)] }) }
        #expect(refusal?.code == .invalidArgument && refusal?.message.contains("bytes, more than") == true)
      }
    }
  }
}

private final class Failure: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  let text = NIOLockedValueBox("")

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    text.withLockedValue { $0 += "\(error)" }
    context.close(promise: nil)
  }
}
