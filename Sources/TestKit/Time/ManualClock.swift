package import ClusterModel
import NIOConcurrencyHelpers

/// A clock that stands still until it is told to go on.
package final class ManualClock: Clock {
  package struct Instant: InstantProtocol {
    package var offset: Duration
    package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    package func duration(to other: Instant) -> Duration { other.offset - offset }
    package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private struct Sleeper {
    var until: Instant
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now = Instant(offset: .zero)
    var last = 0
    var sleepers: [Int: Sleeper] = [:]
    var cancelled: Set<Int> = []
  }

  private let state = NIOLockedValueBox(State())

  package init() {}

  package var now: Instant { state.withLockedValue { $0.now } }
  package var minimumResolution: Duration { .nanoseconds(1) }
  /// How many tasks sleep on this clock.
  package var sleepers: Int { state.withLockedValue { $0.sleepers.count } }
  /// How long until the first of them wakes.
  package var nextWakeup: Duration? { state.withLockedValue { state in state.sleepers.values.map { $0.until.offset - state.now.offset }.min() } }
  /// The same time as a moment of the world.
  package var timestamp: Timestamp { Timestamp(seconds: 1_000_000) + now.offset }

  package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let id = state.withLockedValue { state in
      state.last += 1
      return state.last
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome: Result<Void, any Error>? = state.withLockedValue { state in
          if state.cancelled.contains(id) { return .failure(CancellationError()) }
          if deadline <= state.now { return .success(()) }
          state.sleepers[id] = Sleeper(until: deadline, continuation: continuation)
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let sleeper = state.withLockedValue { state in
        state.cancelled.insert(id)
        return state.sleepers.removeValue(forKey: id)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  package func advance(by duration: Duration) {
    let due = state.withLockedValue { state in
      state.now = state.now.advanced(by: duration)
      let due = state.sleepers.filter { $0.value.until <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.sorted { $0.until < $1.until }
    }
    for sleeper in due { sleeper.continuation.resume() }
  }
}
