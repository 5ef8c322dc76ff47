package import ClusterModel
package import ClusterTLS
package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import GRPCSupport

/// One connection to one manager for one call, with an exact word on what went wrong.
package struct ManagerDial: Sendable {
  package typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

  package enum Failure: Error {
    /// A manager's own word.
    case answered(WarrenError)
    /// There was no answer, for this reason.
    case silent(WarrenError)
  }

  private let address: HostPort
  private let tls: ManagerTLS
  private let timeout: Duration?

  /// - Parameter timeout: of the call; nil for a stream that lasts as long as it lasts.
  package init(_ address: HostPort, tls: ManagerTLS, timeout: Duration? = .seconds(30)) {
    self.address = address
    self.tls = tls
    self.timeout = timeout
  }

  package func call<Result: Sendable>(_ body: @Sendable @escaping (Client, CallOptions) async throws -> Result) async throws(Failure) -> Result {
    let reach = ManagerReach(address)
    do { return try await call(reach, body) } catch let error as RPCError where error.detail != nil { throw .answered(WarrenError(error)) } catch {
      throw .silent(reach.reason ?? Self.meaning(of: error))
    }
  }

  private func call<Result: Sendable>(
    _ reach: ManagerReach, _ body: @Sendable @escaping (Client, CallOptions) async throws -> Result
  ) async throws -> Result {
    let client = GRPCClient(transport: try reach.transport(tls), interceptors: [RequestLimit()])
    var options = CallOptions.defaults
    options.timeout = timeout
    let limited = options
    return try await client.whileConnected { try await body(client, limited) }
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
