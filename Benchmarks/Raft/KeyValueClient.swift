import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCSupport
import NIOCore

/// A client of one member, of ours or of etcd's.
final class KeyValueClient: Sendable {
  private let client: GRPCClient<HTTP2ClientTransport.Posix>
  private let runner: Task<Void, any Error>

  init(port: Int) throws {
    let client = GRPCClient(
      transport: try HTTP2ClientTransport.Posix(
        target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext,
        config: .defaults { config in
          config.connection.flushCoalescing = nil
          config.backoff.initial = .milliseconds(50)
          config.backoff.max = .milliseconds(200)
          // etcd sends a PING with nearly every answer.
          config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(PingShield(), position: .first) }
          }
        }))
    self.client = client
    runner = Task { try await client.runConnections() }
  }

  func put(key: [UInt8], value: [UInt8], timeout: Duration? = nil) async throws {
    _ = try await call(KeyValuePut.method, KeyValuePut(key: key, value: value).bytes, timeout: timeout)
  }

  func leads(timeout: Duration) async -> Bool {
    (try? await call(KeyValueService.isLeader, [], timeout: timeout)) == [1]
  }

  private func call(_ method: MethodDescriptor, _ bytes: [UInt8], timeout: Duration?) async throws -> [UInt8] {
    var options = CallOptions.defaults
    options.timeout = timeout
    return try await client.unary(
      request: ClientRequest(message: bytes), descriptor: method, serializer: RawBytes(), deserializer: RawBytes(), options: options
    ) { try $0.message }
  }

  func close() async {
    client.beginGracefulShutdown()
    runner.cancel()
    _ = await runner.result
  }
}
