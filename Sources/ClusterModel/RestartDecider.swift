/// Decides what happens to a task after one attempt at running it ended.
///
/// A value the worker keeps in its journal beside the task, so that a restart of Warren neither forgets the back-off nor grants
/// new attempts. The delay starts at the policy's, doubles with each restart up to a minute, and starts over once an attempt ran for a minute.
package struct RestartDecider: Hashable, Sendable, Codable {
  package enum Outcome: Hashable, Sendable {
    /// The container's process ended; 0 is success.
    case exited(code: Int32)
    /// It never ran: the image could not be pulled, the container not be made. Counts as a failure.
    case couldNotStart
    /// It went down with its machine, for which it is not to blame: neither a failure nor a restart that counts.
    case lostWithItsMachine
  }

  package enum Decision: Hashable, Sendable {
    case restart(after: Duration)
    /// The task ends in `state` (`complete` or `failed`); `reason` is for people.
    case giveUp(state: TaskState, reason: String)
  }

  package static let longestDelay: Duration = .seconds(60)
  package static let healthyAfter: Duration = .seconds(60)

  /// Restarts in a row without a healthy attempt between them: the exponent of the back-off.
  private var step = 0
  /// When restarts were granted, oldest first, as nanoseconds since the epoch; kept only for a policy that counts them within a window.
  private var recent: [Int64] = []
  /// Restarts granted in all.
  private var granted = 0

  package init() {}

  /// - Parameters:
  ///   - ranFor: how long the process ran; zero when it never did. Measured by a monotonic clock where possible.
  ///   - now: when the attempt ended, for counting restarts within the policy's window.
  package mutating func attemptEnded(_ outcome: Outcome, ranFor: Duration, policy: RestartPolicy, now: Timestamp) -> Decision {
    let succeeded = outcome == .exited(code: 0)
    let finalState = succeeded ? TaskState.complete : .failed
    switch policy.condition {
    case .none: return .giveUp(state: finalState, reason: succeeded ? "finished" : "the restart policy is none")
    case .onFailure where succeeded: return .giveUp(state: .complete, reason: "finished")
    case .onFailure, .any: break
    }
    if outcome == .lostWithItsMachine { return .restart(after: .zero) }
    if policy.maxAttempts > 0, restartsCounted(policy.window, now: now) >= policy.maxAttempts {
      return .giveUp(state: finalState, reason: "gave up after \(policy.maxAttempts) \(policy.maxAttempts == 1 ? "restart" : "restarts")")
    }
    if ranFor >= Self.healthyAfter { step = 0 }
    let delay = Self.delay(first: policy.delay, step: step)
    step = min(step + 1, 64)
    granted += 1
    if policy.maxAttempts > 0, policy.window > .zero { recent.append(now.nanosecondsSinceEpoch) }
    return .restart(after: delay)
  }

  /// How many granted restarts still count; forgets those older than the window. A clock that was set back makes none of them older.
  private mutating func restartsCounted(_ window: Duration, now: Timestamp) -> Int {
    guard window > .zero else { return granted }
    recent.removeAll { now - Timestamp(nanosecondsSinceEpoch: $0) > window }
    return recent.count
  }

  /// A first delay of zero restarts at once, then backs off from a second, so that a crashing container never spins.
  /// A first delay above a minute stays as it is.
  private static func delay(first: Duration, step: Int) -> Duration {
    if first >= longestDelay { return first }
    if first <= .zero { return step == 0 ? .zero : delay(first: .seconds(1), step: step - 1) }
    var delay = first
    for _ in 0..<step where delay < longestDelay { delay = min(delay * 2, longestDelay) }
    return delay
  }
}
