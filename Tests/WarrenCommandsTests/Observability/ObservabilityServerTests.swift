import ClusterModel
import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import WarrenCommands

@Suite struct ObservabilityServerTests {
  /// Runs the body with the port of a server that is stopped afterwards.
  private func withServer(patience: Duration = .seconds(10), _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let server = ObservabilityServer(
      host: "127.0.0.1", port: 0, isRequired: true, pages: ObservabilityPages(registry: PrometheusRegistry(), checks: [SelfCheck("store") {}]),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, patience: patience, onListening: { port.yield($0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      var listening = ports.makeAsyncIterator()
      let number = try #require(await listening.next())
      try await body(number)
      group.cancelAll()
    }
  }

  /// What the server says to these bytes until it has sent `expecting`, or closes.
  private func exchange(_ port: Int, _ request: String, expecting: String) async throws -> String {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: "127.0.0.1", port: port) { channel in
      channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
    }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: request))
      var text = ""
      do {
        for try await part in inbound {
          text += String(buffer: part)
          if text.contains(expecting) { break }
        }
      } catch is IOError {
        // Closed while something was still on its way.
      }
      return text
    }
  }

  @Test func answersOverHTTP() async throws {
    try await withServer { (port: Int) async throws in
      let live = try await exchange(port, "GET /live HTTP/1.1\r\nhost: x\r\n\r\n", expecting: "ok\n")
      #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n") && live.contains("connection: close\r\n") && live.hasSuffix("\r\n\r\nok\n"))
      let head = try await exchange(port, "HEAD /health HTTP/1.1\r\nhost: x\r\n\r\n", expecting: "\r\n\r\n")
      #expect(head.contains("content-length: 10\r\n") && head.hasSuffix("\r\n\r\n"))
      let post = try await exchange(port, "POST /live HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi", expecting: "here")
      #expect(post.hasPrefix("HTTP/1.1 405 ") && post.contains("allow: GET, HEAD\r\n"))
      #expect(try await exchange(port, "nonsense\r\n\r\n", expecting: "never").hasPrefix("HTTP/1.1 400 "))
    }
  }

  @Test func aRequestThatNeverEndsIsNotKept() async throws {
    try await withServer { (port: Int) async throws in
      let long = "GET /live HTTP/1.1\r\nx: " + String(repeating: "y", count: ObservabilityServer.requestLimit)
      #expect(try await exchange(port, long, expecting: "never").hasPrefix("HTTP/1.1 431 "))
    }
    try await withServer(patience: .milliseconds(50)) { (port: Int) async throws in
      #expect(try await exchange(port, "GET /live HTTP/1.1\r\n", expecting: "never") == "")
    }
  }

  @Test func aTakenAddressIsExplained() async throws {
    try await withServer { (port: Int) async throws in
      let second = ObservabilityServer(
        host: "127.0.0.1", port: port, isRequired: true, pages: ObservabilityPages(registry: PrometheusRegistry(), checks: []),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let error = await #expect(throws: WarrenError.self) { try await second.run() }
      #expect(error?.message.contains("127.0.0.1:\(port)") == true && error?.message.contains("--metrics-addr") == true)
    }
  }
}
