import NIOConcurrencyHelpers

/// Lets a limited number in at a time, in the order they came; a waiter that is cancelled leaves the queue.
final class CreationGate: Sendable {
  private struct State {
    var free: Int
    var waiters: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
    var nextID: UInt64 = 0
  }
  private let state: NIOLockedValueBox<State>

  init(limit: Int) { state = NIOLockedValueBox(State(free: limit)) }

  func enter() async throws {
    let id = state.withLockedValue { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let entered: Bool? = state.withLockedValue { state in
          if Task.isCancelled { return nil }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiters.append((id, continuation))
          return false
        }
        if entered == nil { continuation.resume(throwing: CancellationError()) } else if entered == true { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLockedValue { state in
        state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
      }
      waiter?.resume(throwing: CancellationError())
    }
  }

  func leave() {
    let next = state.withLockedValue { state in
      if state.waiters.isEmpty {
        state.free += 1
        return nil as CheckedContinuation<Void, any Error>?
      }
      return state.waiters.removeFirst().continuation
    }
    next?.resume()
  }
}
