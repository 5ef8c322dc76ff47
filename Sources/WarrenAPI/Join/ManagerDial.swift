package import ClusterModel
package import ClusterTLS
package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOPosix

/// One connection to one manager for one call, with an exact word on what went wrong.
package struct ManagerDial: Sendable {
  package typealias Client = GRPCClient<HTTP2ClientTransport.WrappedChannel>

  package enum Failure: Error {
    /// A manager's own word.
    case answered(WarrenError)
    /// There was no answer, for this reason.
    case silent(WarrenError)
  }

  private let address: HostAddress
  private let tls: ManagerTLS
  private let timeout: Duration?

  /// - Parameter timeout: of the call; nil for a stream that lasts as long as it lasts.
  package init(_ address: HostAddress, tls: ManagerTLS, timeout: Duration? = .seconds(30)) {
    self.address = address
    self.tls = tls
    self.timeout = timeout
  }

  package func call<Result: Sendable>(_ body: @Sendable @escaping (Client, CallOptions) async throws -> Result) async throws(Failure) -> Result {
    var last = WarrenError(.unavailable, "the host name has no address")
    let targets: [NIOCore.SocketAddress]
    do { targets = try await address.resolve() } catch { throw .silent(error) }
    for target in targets {
      let failures = DialFailures()
      do { return try await call(target, failures, body) } catch let error as RPCError where error.detail != nil {
        throw .answered(WarrenError(error))
      } catch {
        last = failures[target.dialText] ?? Self.meaning(of: error)
      }
    }
    throw .silent(last)
  }

  private func call<Result: Sendable>(
    _ target: NIOCore.SocketAddress, _ failures: DialFailures, _ body: @Sendable @escaping (Client, CallOptions) async throws -> Result
  ) async throws -> Result {
    let transport = try await HTTP2ClientTransport.WrappedChannel.wrapping(
      config: .defaults {
        $0.http2.authority = "manager.warren"
        $0.connection.flushCoalescing = nil
      }
    ) { [tls] configure in
      try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(TimeAmount(tls.patience)).connect(to: target) {
        channel in
        configure(channel).flatMapThrowing { configured in
          try tls.secure(channel, failures: failures)
          return configured
        }
      }
    }
    let client = GRPCClient(transport: transport, interceptors: [RequestLimit()])
    var options = CallOptions.defaults
    options.timeout = timeout
    let limited = options
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask {
        try await client.runConnections()
        return nil
      }
      group.addTask { try await body(client, limited) }
      defer {
        client.beginGracefulShutdown()
        group.cancelAll()
      }
      while let outcome = try await group.next() {
        if let outcome { return outcome }
      }
      throw RPCError(code: .unavailable, message: "the connection ended")
    }
  }

  private static func meaning(of error: any Error) -> WarrenError {
    switch error {
    case let error as WarrenError: error
    case let error as RPCError where error.code == .unimplemented:
      WarrenError(.failedPrecondition, "the manager does not know this call; it is of another version; install the same version here and there")
    case let error as RPCError where error.code == .deadlineExceeded:
      WarrenError(.unavailable, "the manager did not answer in time; look at its log, then try again")
    case let error as RPCError where error.code == .cancelled: WarrenError(.cancelled, "the call was cancelled; try again")
    default: WarrenError(.unavailable, "the connection ended before the manager answered; look at its log, then try again", cause: error)
    }
  }
}
