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
    case socket(String, EventLoopExecutor)
    /// To whichever manager answers.
    case network(ManagerReach)
  }

  /// The generated calls; use them inside `call` and `stream`.
  package let stub: Stub
  private let way: Way
  /// How long `call` goes on trying while no manager answers.
  package let patience: Duration

  /// Connects to the manager on this machine for as long as `body` runs. The connection is made again when it is lost.
  package static func connected<Result: Sendable>(
    to socketPath: String, patience: Duration = .seconds(2), mayBeStale: Bool = false, isolation: isolated (any Actor)? = #isolation,
    _ body: (WarrenClient) async throws -> Result
  ) async throws -> Result {
    let connection = try LocalConnection(to: socketPath, mayBeStale: mayBeStale)
    return try await connection.client.whileConnected(connection.connections) { try await body(WarrenClient(over: connection, patience: patience)) }
  }

  /// For a process that ends when it needs the connection no longer, which is sooner than to end the connection.
  package init(over connection: LocalConnection, patience: Duration = .seconds(2)) {
    self.init(stub: Stub(wrapping: connection.client), way: .socket(connection.socketPath, connection.executor), patience: patience)
  }

  private init(stub: Stub, way: Way, patience: Duration) {
    self.stub = stub
    self.way = way
    self.patience = patience
  }

  /// Connects to the first of these managers that can be reached, over TLS, and to another when that one is lost.
  package static func connected<Result: Sendable>(
    to managers: ManagerReach, tls: ManagerTLS, patience: Duration = .seconds(2), mayBeStale: Bool = false,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (WarrenClient) async throws -> Result
  ) async throws -> Result {
    let client = client(by: try managers.transport(tls, serviceConfig: .warren), mayBeStale: mayBeStale)
    return try await client.whileConnected { try await body(WarrenClient(stub: Stub(wrapping: client), way: .network(managers), patience: patience)) }
  }

  static func client(by transport: HTTP2ClientTransport.Posix, mayBeStale: Bool) -> GRPCClient<HTTP2ClientTransport.Posix> {
    GRPCClient(transport: transport, interceptors: [RequestLimit()] + (mayBeStale ? [StaleReads()] : []))
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
        return try await withTaskExecutorPreference(executor) { try await body(stub) }
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
    case .socket(let path, _): SocketDiagnosis(of: path).error(on: path, cause: cause)
    case .network(let managers):
      WarrenError(
        managers.isRefused ? .unauthenticated : .unavailable, "no manager answers; tried \(managers.report.joined(separator: " | "))")
    }
  }

  /// Where unary calls are made.
  private var executor: (any TaskExecutor)? {
    guard case .socket(_, let executor) = way else { return nil }
    return executor
  }

  private var name: String {
    switch way {
    case .socket(let path, _): path
    case .network(let managers): managers.addresses.map(\.description).joined(separator: ",")
    }
  }

  private var mayBecomeAvailable: Bool {
    switch way {
    case .socket(let path, _): SocketDiagnosis(of: path) != .forbidden
    case .network(let managers): !managers.isRefused
    }
  }
}
