import ClusterModel
package import ClusterTLS
import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import GRPCSupport

/// A connection to a cluster, through one of its managers. Failures come out as `WarrenError`s.
package struct WarrenClient: Sendable {
  package typealias Stub = Warren_V1_WarrenAPI.Client<HTTP2ClientTransport.Posix>

  private enum Way: Sendable {
    /// To the manager on this machine.
    case socket(String)
    /// To whichever manager answers.
    case network(ManagerReach)
  }

  /// The generated calls; use them inside `call` and `stream`.
  package let stub: Stub
  private let way: Way
  /// How long `call` goes on trying while no manager answers.
  package let patience: Duration

  /// Connects to the manager on this machine for as long as `body` runs. The connection is made with the first call and made again
  /// when it is lost.
  package static func connected<Result: Sendable>(
    to socketPath: String, patience: Duration = .seconds(2), mayBeStale: Bool = false, isolation: isolated (any Actor)? = #isolation,
    _ body: (WarrenClient) async throws -> Result
  ) async throws -> Result {
    let transport = try HTTP2ClientTransport.Posix(
      target: .unixDomainSocket(path: socketPath, authority: "localhost"), transportSecurity: .plaintext,
      config: .defaults { config in
        config.connection.flushCoalescing = nil
        config.connection.maxIdleTime = nil
        config.backoff.initial = .milliseconds(50)
        config.backoff.max = .seconds(1)
      },
      serviceConfig: .warren)
    return try await connected(by: transport, .socket(socketPath), patience, mayBeStale, body)
  }

  /// Connects to the first of these managers that can be reached, over TLS, and to another when that one is lost.
  package static func connected<Result: Sendable>(
    to managers: ManagerReach, tls: ManagerTLS, patience: Duration = .seconds(2), mayBeStale: Bool = false,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (WarrenClient) async throws -> Result
  ) async throws -> Result {
    try await connected(by: try managers.transport(tls, serviceConfig: .warren), .network(managers), patience, mayBeStale, body)
  }

  private static func connected<Result: Sendable>(
    by transport: HTTP2ClientTransport.Posix, _ way: Way, _ patience: Duration, _ mayBeStale: Bool, isolation: isolated (any Actor)? = #isolation,
    _ body: (WarrenClient) async throws -> Result
  ) async throws -> Result {
    let client = GRPCClient(transport: transport, interceptors: [RequestLimit()] + (mayBeStale ? [StaleReads()] : []))
    return try await client.whileConnected { try await body(WarrenClient(stub: Stub(wrapping: client), way: way, patience: patience)) }
  }

  /// Makes a unary call, again and again within `patience` while no manager answers.
  ///
  /// A call may have been executed though its answer was lost: one that changes something must carry a request id, made outside `body`.
  package func call<Result: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ body: (Stub) async throws -> Result
  ) async throws -> Result {
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    var pause = Duration.milliseconds(50)
    while true {
      do {
        return try await body(stub)
      } catch let error as RPCError {
        guard error.code == .unavailable, clock.now + pause < deadline, mayBecomeAvailable else { throw warrenError(error) }
      }
      try await clock.sleep(for: pause)
      pause = min(pause * 2, .milliseconds(500))
    }
  }

  /// Makes a streaming call, once: what was already read cannot be taken back.
  package func stream<Result: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ body: (Stub) async throws -> Result
  ) async throws -> Result {
    do {
      return try await body(stub)
    } catch let error as RPCError {
      throw warrenError(error)
    }
  }

  private func warrenError(_ error: RPCError) -> WarrenError {
    if error.detail != nil { return WarrenError(error) }
    return switch error.code {
    case .unavailable: silence(error)
    case .cancelled: WarrenError(.cancelled, "the call was cancelled; try again", cause: error.cause)
    case .deadlineExceeded: WarrenError(.deadlineExceeded, "the manager on \(name) did not answer in time; look at its log, then try again")
    default: WarrenError(error)
    }
  }

  private func silence(_ cause: RPCError) -> WarrenError {
    switch way {
    case .socket(let path): SocketDiagnosis(of: path).error(on: path, cause: cause)
    case .network(let managers):
      WarrenError(
        managers.isRefused ? .unauthenticated : .unavailable, "no manager answers; tried \(managers.report.joined(separator: " | "))")
    }
  }

  private var name: String {
    switch way {
    case .socket(let path): path
    case .network(let managers): managers.addresses.map(\.description).joined(separator: ",")
    }
  }

  private var mayBecomeAvailable: Bool {
    switch way {
    case .socket(let path): SocketDiagnosis(of: path) != .forbidden
    case .network(let managers): !managers.isRefused
    }
  }
}
