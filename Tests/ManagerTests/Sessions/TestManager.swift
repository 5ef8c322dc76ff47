import ClusterModel
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import NIOConcurrencyHelpers
import SwiftProtobuf
import TestKit
import WarrenAPI

@testable import Manager

/// A manager as far as workers see it, on a loopback port, with a clock of its own: while that stands still, it is silent.
final class TestManager: Sendable {
  let clock = ManualClock()
  let dispatcher: Dispatcher
  let workers = ConnectedWorkers()
  let address: String
  private let life: Task<Void, any Error>

  /// - Parameter peer: who everybody is that connects.
  init(_ store: ClusterStore, peer: NodeID = "n1") async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let dispatcher = Dispatcher(store: store, clock: clock, logger: logger)
    let feed = ManagerListFeed(store: store)
    let service = WorkerSessionService(dispatcher: { dispatcher }, workers: workers, managers: feed, clock: clock) { _ in peer }
    let transport = HTTP2ServerTransport.Posix(
      address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext,
      config: .defaults { config in
        config.rpc.maxRequestPayloadSize = RequestLimit.mostBytes
        config.connection.flushCoalescing = nil
      })
    let server = GRPCServer(transport: transport, services: [service], interceptors: [CallObserver(logger: logger, isStopping: { false })])
    self.dispatcher = dispatcher
    life = Task {
      try await withThrowingTaskGroup(of: Void.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await server.serve() }
        group.addTask { try await dispatcher.run() }
        group.addTask { try await feed.run() }
        try await group.next()
      }
    }
    address = try await "127.0.0.1:\(transport.listeningAddress.ipv4?.port ?? 0)"
  }

  /// As by `kill -9`, seen from a worker: all connections are closed, and nobody listens any more.
  func kill() async {
    life.cancel()
    _ = await life.result
  }
}

/// A client that may break every rule.
func withStub(
  _ address: String, _ body: @Sendable (Warren_V1_WorkerSessions.Client<HTTP2ClientTransport.Posix>) async throws -> Void
) async throws {
  let port = Int(address.split(separator: ":")[1]) ?? 0
  let transport = try HTTP2ClientTransport.Posix(target: .dns(host: "127.0.0.1", port: port), transportSecurity: .plaintext)
  try await withGRPCClient(transport: transport) { try await body(Warren_V1_WorkerSessions.Client(wrapping: $0)) }
}

/// What a session with these messages ends with; `body` goes on with it, once it is open.
func ending(
  of address: String, _ messages: [Warren_V1_WorkerMessage], whenOpen body: @escaping @Sendable () async throws -> Void = {}
) async throws -> RPCError? {
  let error = NIOLockedValueBox<RPCError?>(nil)
  try await withStub(address) { stub in
    do {
      try await stub.session { writer in
        for message in messages { try await writer.write(message) }
        for await _ in AsyncStream<Never>.makeStream().stream {}
      } onResponse: { response in
        for try await message in response.messages {
          if case .opened = message.message { try await body() }
        }
      }
    } catch let failure as RPCError {
      error.withLockedValue { $0 = failure }
    }
  }
  return error.withLockedValue { $0 }
}

func openMessage(_ id: NodeID = "n1") -> Warren_V1_WorkerMessage {
  .with { $0.open.node = ClusterNode(id: id, roles: [.worker], description: NodeDescription(hostname: "\(id)")).wire }
}
