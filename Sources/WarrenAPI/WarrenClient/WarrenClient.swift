import ClusterModel
import GRPCCore
package import GRPCNIOTransportHTTP2Posix

/// A connection to one manager. Failures come out as `WarrenError`s.
package struct WarrenClient: Sendable {
  package typealias Stub = Warren_V1_WarrenAPI.Client<HTTP2ClientTransport.Posix>

  /// The generated calls; use them inside `call` and `stream`.
  package let stub: Stub
  package let socketPath: String
  /// How long `call` goes on trying while no manager answers.
  package let patience: Duration

  /// Connects to the manager on this machine for as long as `body` runs. The connection is made with the first call and made again
  /// when it is lost.
  package static func connected<Result: Sendable>(
    to socketPath: String, patience: Duration = .seconds(2), isolation: isolated (any Actor)? = #isolation,
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
    let client = GRPCClient(transport: transport, interceptors: [RequestLimit()])
    return try await withThrowingDiscardingTaskGroup(isolation: isolation) { group in
      group.addTask {
        // A body that is done before the connections begin has stopped the client already.
        do { try await client.runConnections() } catch let error as RuntimeError where error.code == .clientIsStopped {}
      }
      let result = try await body(WarrenClient(stub: Stub(wrapping: client), socketPath: socketPath, patience: patience))
      client.beginGracefulShutdown()
      return result
    }
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
    let answered = error.detail != nil
    if error.code == .unavailable, !answered { return SocketDiagnosis(of: socketPath).error(on: socketPath, cause: error) }
    if error.code == .cancelled, !answered { return WarrenError(.cancelled, "the call was cancelled; try again", cause: error.cause) }
    if error.code == .deadlineExceeded, !answered {
      return WarrenError(.deadlineExceeded, "the manager on \(socketPath) did not answer in time; look at its log, then try again")
    }
    return WarrenError(error)
  }

  private var mayBecomeAvailable: Bool { SocketDiagnosis(of: socketPath) != .forbidden }
}

extension ServiceConfig {
  /// Unary calls end after a while; streams last as long as they last. No call waits for a manager to appear: `WarrenClient.call` does.
  fileprivate static var warren: ServiceConfig {
    typealias Method = Warren_V1_WarrenAPI.Method
    let streams = [
      Method.ServiceLogs.descriptor, Method.WatchTasks.descriptor, Method.Exec.descriptor, Method.LoadImage.descriptor,
      Method.PullImage.descriptor, Method.StreamEvents.descriptor,
    ]
    return ServiceConfig(methodConfig: [
      MethodConfig(names: [.init(service: "")], waitForReady: false, timeout: .seconds(60)),
      MethodConfig(names: streams.map { .init(service: $0.service.fullyQualifiedService, method: $0.method) }, waitForReady: false),
    ])
  }
}
