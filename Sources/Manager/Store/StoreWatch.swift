import ClusterModel
import NIOConcurrencyHelpers

/// The changes after the view it was handed out with, in order, each once: all, or those that are of interest. For one reader.
///
/// A reader that leaves more than `limit` changes unread loses its place: it gets an error and has to start over from a new view.
package final class StoreWatch: AsyncSequence, Sendable {
  package typealias Element = StoreEvent

  private struct State {
    var events: [StoreEvent] = []
    var unread = 0
    var reader: CheckedContinuation<[StoreEvent], any Error>?
    var end: Result<Void, any Error>?

    mutating func take() -> [StoreEvent] {
      defer {
        events = []
        unread = 0
      }
      return events
    }
  }

  private let state = NIOLockedValueBox(State())
  private let limit: Int
  private let isOfInterest: @Sendable (StoreEvent) -> Bool

  init(limit: Int, isOfInterest: @escaping @Sendable (StoreEvent) -> Bool) {
    self.limit = limit
    self.isOfInterest = isOfInterest
  }

  /// Everything that happened since the last call, at least one event; empty at the end (store closed, or the reader's task cancelled).
  /// - Throws: `WarrenError` `.resourceExhausted` when the reader has fallen behind.
  package func nextBatch() async throws -> [StoreEvent] {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let ready: Result<[StoreEvent], any Error>? = state.withLockedValue { state in
          if !state.events.isEmpty { return .success(state.take()) }
          if let end = state.end { return end.map { [] } }
          state.reader = continuation
          return nil
        }
        if let ready { continuation.resume(with: ready) }
      }
    } onCancel: {
      finish()
    }
  }

  /// False when the watch has ended and need not be told of anything more.
  func deliver(_ events: [StoreEvent]) -> Bool {
    let events = events.filter(isOfInterest)
    let (reader, batch, open): (CheckedContinuation<[StoreEvent], any Error>?, [StoreEvent], Bool) = state.withLockedValue { state in
      if state.end != nil { return (nil, [], false) }
      if events.isEmpty { return (nil, [], true) }
      state.events += events
      state.unread += events.reduce(0) { $0 + $1.changes.count }
      guard let reader = state.reader else {
        if state.unread <= limit { return (nil, [], true) }
        state.events = []
        state.end = .failure(
          WarrenError(.resourceExhausted, "This watch fell behind by more than \(limit) changes. List again and watch from there."))
        return (nil, [], false)
      }
      state.reader = nil
      return (reader, state.take(), true)
    }
    reader?.resume(returning: batch)
    return open
  }

  /// Ends the watch after what is already waiting to be read.
  package func finish(throwing error: (any Error)? = nil) {
    let reader: CheckedContinuation<[StoreEvent], any Error>? = state.withLockedValue { state in
      if state.end == nil { state.end = error.map { .failure($0) } ?? .success(()) }
      defer { state.reader = nil }
      return state.reader
    }
    if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: []) }
  }

  package func makeAsyncIterator() -> Iterator { Iterator(watch: self) }

  package struct Iterator: AsyncIteratorProtocol {
    let watch: StoreWatch
    var batch: ArraySlice<StoreEvent> = []

    package mutating func next() async throws -> StoreEvent? {
      if batch.isEmpty { batch = try await watch.nextBatch()[...] }
      // What is left of a batch keeps all of it.
      defer { if batch.isEmpty { batch = [] } }
      return batch.popFirst()
    }
  }
}
