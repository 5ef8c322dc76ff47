package import GRPCCore

extension GRPCClient {
  /// Keeps the connections while `body` runs, also when the task is cancelled meanwhile.
  ///
  /// So they have a task of their own: a call that finds them cancelled waits for ever when it was cancelled itself just before
  /// (grpc-swift-nio-transport 2.9.2, `GRPCChannel.enqueue`: on an idle channel nobody looks at the cancellation again).
  package func whileConnected<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async throws -> Result {
    // A client that is stopped before it begins is no failure.
    let connections = Task { try? await runConnections() }
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
