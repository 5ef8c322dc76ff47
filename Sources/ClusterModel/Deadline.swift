/// The time a piece of work had is over.
package struct DeadlineExceeded: Error {}

/// Cancels the work when it takes longer; it must end soon then.
/// - Throws: `DeadlineExceeded`, and what the work throws.
package func withDeadline<Value: Sendable>(
  _ limit: Duration, clock: any Clock<Duration> = .continuous, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await work() }
    group.addTask {
      // The limit itself: whichever of the two is first counts.
      try await clock.sleep(for: limit)
      throw DeadlineExceeded()
    }
    defer { group.cancelAll() }
    guard let first = try await group.next() else { throw DeadlineExceeded() }
    return first
  }
}
