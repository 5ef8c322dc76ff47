/// When to ask a registry again after a failure that may pass: exponential back-off with full jitter, bounded.
package struct RetryPolicy: Sendable, Equatable {
  /// Requests in all, for one thing that makes no progress.
  package var attempts = 6
  package var base: Duration = .milliseconds(500)
  package var limit: Duration = .seconds(20)
  /// A registry that asks for a longer pause than this is reported instead of waited for.
  package var longestRetryAfter: Duration = .seconds(60)

  package init() {}

  /// - Parameters:
  ///   - failures: how many attempts have failed, 1 at first.
  ///   - retryAfter: what the registry asked for.
  ///   - random: 0..<1.
  /// - Returns: how long to wait, or nil to give up.
  package func delay(afterFailures failures: Int, retryAfter: Duration?, random: Double) -> Duration? {
    guard failures < attempts else { return nil }
    if let retryAfter { return retryAfter > longestRetryAfter ? nil : retryAfter }
    let ceiling = min(limit, base * (1 << min(failures - 1, 16)))
    return ceiling * (0.5 + random / 2)
  }
}
