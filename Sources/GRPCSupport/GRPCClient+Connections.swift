package import GRPCCore

extension GRPCClient {
  /// Makes the connections and keeps them until `whileConnected` has ended with them.
  ///
  /// They have a task of their own: a call that finds them cancelled waits for ever when it was cancelled itself just before
  /// (grpc-swift-nio-transport 2.9.2, `GRPCChannel.enqueue`: on an idle channel nobody looks at the cancellation again).
  /// - Parameter executor: where they are looked after.
  package func beginConnections(on executor: (any TaskExecutor)? = nil) -> Task<Void, Never> {
    // A client that is stopped before it begins is no failure.
    Task(executorPreference: executor) { try? await self.runConnections() }
  }

  /// Keeps the connections while `body` runs, also when the task is cancelled meanwhile.
  /// - Parameter begun: what `beginConnections` returned, if they are being made already.
  package func whileConnected<Result>(
    _ begun: Task<Void, Never>? = nil, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async throws -> Result {
    let connections = begun ?? beginConnections()
    do {
      let result = try await body()
      beginGracefulShutdown()
      await connections.value
      return result
    } catch {
      beginGracefulShutdown()
      // A name that cannot be resolved is tried again whatever was begun.
      connections.cancel()
      await connections.value
      throw error
    }
  }
}
