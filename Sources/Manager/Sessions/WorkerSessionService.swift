package import ClusterModel
package import GRPCCore
package import WarrenAPI

/// `warren.v1.WorkerSessions` as a manager serves it: the sessions of workers on other machines.
///
/// Serve it on a transport that knows who connects, that bounds the size of messages (`RequestLimit.mostBytes`), and beneath the interceptor
/// that turns errors into statuses.
package struct WorkerSessionService: Warren_V1_WorkerSessions.SimpleServiceProtocol {
  /// The node whose worker makes a call; throws when the caller is no worker.
  package typealias Identify = @Sendable (ServerContext) throws -> NodeID

  let dispatcher: @Sendable () throws -> Dispatcher
  let workers: ConnectedWorkers
  let managers: ManagerListFeed
  let timing: SessionTiming
  let clock: any Clock<Duration>
  private let identify: Identify

  /// - Parameters:
  ///   - dispatcher: the one that acts now; throws while this manager does not lead.
  ///   - workers: learns which workers can be asked for logs, commands and images.
  ///   - managers: has to run.
  ///   - clock: for heartbeats.
  package init(
    dispatcher: @escaping @Sendable () throws -> Dispatcher, workers: ConnectedWorkers, managers: ManagerListFeed,
    timing: SessionTiming = SessionTiming(),
    clock: any Clock<Duration> = .continuous, identify: @escaping Identify
  ) {
    self.dispatcher = dispatcher
    self.workers = workers
    self.managers = managers
    self.timing = timing
    self.clock = clock
    self.identify = identify
  }

  package func session(
    request: RPCAsyncSequence<Warren_V1_WorkerMessage, any Error>, response: RPCWriter<Warren_V1_ManagerMessage>, context: ServerContext
  ) async throws {
    let peer = try identify(context)
    try await context.whileConnected { try await HostedSession(of: peer, at: self, response: response).run(request) }
  }

  package func operate(
    request: RPCAsyncSequence<Warren_V1_OperationOutput, any Error>, response: RPCWriter<Warren_V1_OperationInput>, context: ServerContext
  ) async throws {
    let peer = try identify(context)
    try await context.whileConnected {
      let source = SerialIterator<OperationOutputs.Source>(request.makeAsyncIterator())
      guard case .number(let number) = try await source.next()?.output else {
        throw WarrenError(.invalidArgument, "the call does not begin with the number of an operation; send it first")
      }
      let operation = try workers.claim(number, by: peer)
      defer { workers.ended(number, on: peer) }
      let (release, releasing) = AsyncStream<Never>.makeStream()
      operation.continuation.resume(returning: OperationOutputs(node: peer, source: source) { releasing.finish() })
      try await withThrowingTaskGroup(of: Bool.self) { group in
        defer { group.cancelAll() }
        group.addTask {
          try await operation.input(response)
          return false
        }
        group.addTask {
          for await _ in release {}
          return true
        }
        while let isOver = try await group.next(), !isOver {}
      }
    }
  }
}
