import GRPCCore

extension ServerContext {
  /// Runs `body` and cancels it when the client is gone, its deadline passes, or the server stops: gRPC tells, but does not cancel the task.
  func whileConnected<Result: Sendable>(_ body: @Sendable @escaping () async throws -> Result) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
      group.addTask { try await body() }
      group.addTask { [cancellation] in
        try await cancellation.cancelled
        throw CancellationError()
      }
      defer { group.cancelAll() }
      guard let result = try await group.next() else { throw CancellationError() }
      return result
    }
  }
}
