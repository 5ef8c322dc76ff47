import CLinux
import Glibc
import NIOCore
import NIOHTTP2
import NIOPosix

@testable import HealthProbes

/// A server on loopback that does as the test says with every connection.
struct TestServer: Sendable {
  let port: UInt16

  /// - Parameters:
  ///   - namespace: the file of the network namespace to listen in; nil for the test's own.
  ///   - port: to listen on; 0 for one that is free.
  ///   - handlers: of one connection.
  static func with<Value: Sendable>(
    in namespace: String? = nil, host: String = "127.0.0.1", port: UInt16 = 0, _ handlers: @escaping @Sendable () -> [any ChannelHandler],
    _ body: (TestServer) async throws -> Value
  ) async throws -> Value {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandlers(handlers()) }
      }
      .withBoundSocket(try bind(in: namespace, host, port)).get()
    let result: Result<Value, any Error>
    do { result = .success(try await body(TestServer(port: UInt16(channel.localAddress?.port ?? 0)))) } catch { result = .failure(error) }
    try await channel.close()
    return try result.get()
  }

  static func with<Value: Sendable>(answer: String, then end: RawAnswer.End = .close, _ body: (TestServer) async throws -> Value) async throws
    -> Value
  {
    try await with({ [RawAnswer(Array(answer.utf8), then: end)] }, body)
  }

  static func with<Value: Sendable>(health: HealthAnswer.Script, _ body: (TestServer) async throws -> Value) async throws -> Value {
    try await with({ [NIOHTTP2Handler(mode: .server, headerBlockValidation: .disabled), HealthAnswer(health)] }, body)
  }

  /// A port at which nobody listens, and nobody else will.
  static func withClosedPort<Value: Sendable>(_ body: (UInt16) async throws -> Value) async throws -> Value {
    let socket = try bind(in: nil, "127.0.0.1")
    defer { close(socket) }
    return try await body(port(of: socket))
  }

  /// - Returns: a socket that does not listen yet.
  static func bind(in namespace: String?, _ host: String, _ port: UInt16 = 0) throws -> CInt {
    let address = try SocketAddress(ipAddress: host, port: Int(port))
    var descriptor: CInt = -1
    var call: UnsafePointer<CChar>?
    let failure = clinux_socket_in_namespace(namespace, CInt(address.protocol.rawValue), &descriptor, &call)
    guard failure == 0 else { throw DialFailure(failure, "no server") }
    guard address.withSockAddr({ Glibc.bind(descriptor, $0, socklen_t($1)) }) == 0 else {
      defer { close(descriptor) }
      throw DialFailure(errno, "no server")
    }
    return descriptor
  }

  static func port(of socket: CInt) -> UInt16 {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutableBytes(of: &address) { bytes in
      bytes.baseAddress.map { getsockname(socket, $0.assumingMemoryBound(to: sockaddr.self), &size) }
    }
    return UInt16(bigEndian: address.sin_port)
  }
}
