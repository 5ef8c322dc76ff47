import NIOConcurrencyHelpers

/// First come, first served: one holder at a time.
struct TurnQueue: Sendable {
  private struct State {
    var taken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  struct Turn: Sendable {
    fileprivate let queue: TurnQueue

    func leave() {
      let next: CheckedContinuation<Void, Never>? = queue.state.withLockedValue { state in
        if state.waiting.isEmpty {
          state.taken = false
          return nil
        }
        return state.waiting.removeFirst()
      }
      next?.resume()
    }
  }

  private let state = NIOLockedValueBox(State())

  /// Whoever enters must `leave` the turn.
  func enter() async -> Turn {
    await withCheckedContinuation { continuation in
      let free = state.withLockedValue { state in
        if !state.taken {
          state.taken = true
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if free { continuation.resume() }
    }
    return Turn(queue: self)
  }
}
