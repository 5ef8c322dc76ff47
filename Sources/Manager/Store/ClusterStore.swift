package import ClusterModel
import NIOConcurrencyHelpers

/// The cluster's state: read from a view, changed by transactions, followed by watches.
///
/// Make it, give it to a log as its state machine, then `attach(to:)` that log.
package final class ClusterStore: Sendable {
  struct State {
    var view = StoreView()
    var watches: [WeakWatch] = []
    var log: (any ReplicatedLog)?
    /// Nil while the log is being replayed: what it tells of the past is not counted again.
    var census: StoreCensus?
  }

  /// A reader that drops its watch ends it.
  struct WeakWatch {
    weak var watch: StoreWatch?
  }

  let state = NIOLockedValueBox(State())
  private let retries = TurnQueue()
  let now: @Sendable () -> Timestamp
  private let watchLimit: Int
  let metrics: StoreMetrics

  /// - Parameters:
  ///   - now: read once for each transaction; becomes the objects' times.
  ///   - watchLimit: how many changes a watch may leave unread.
  package init(watchLimit: Int = 65536, metrics: StoreMetrics = StoreMetrics(), now: @escaping @Sendable () -> Timestamp) {
    self.metrics = metrics
    self.now = now
    self.watchLimit = watchLimit
  }

  package func attach(to log: any ReplicatedLog) {
    state.withLockedValue { state in
      state.log = log
      let census = StoreCensus(state.view)
      state.census = census
      metrics.show(census)
    }
  }

  package var view: StoreView { state.withLockedValue { $0.view } }

  /// Decides on changes and stores them: all, durably, or none. When what the decision was based on has moved meanwhile, `body` runs again
  /// on the newer view, so it must have no other effects. The view has the changes when this returns. No changes: nothing is written.
  /// - Throws: what `body` throws; `WarrenError` `.conflict` after losing too often; what `ReplicatedLog.propose` throws.
  package func update<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (inout StoreTransaction) throws -> Result
  ) async throws -> Result {
    if let result = try await attempt(body) { return result }
    // Those that lost take turns, so that they do not lose to one another again and again.
    let turn = await retries.enter()
    defer { turn.leave() }
    for _ in 0..<Self.retryLimit {
      if let result = try await attempt(body) { return result }
    }
    throw WarrenError(
      .conflict, "The objects of this change were changed by others \(Self.retryLimit) times in a row. Nothing was stored; try again.")
  }

  /// Who has a turn can still lose to those that try for the first time, once to each.
  private static let retryLimit = 256

  /// Nil when the state moved under the transaction.
  private func attempt<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (inout StoreTransaction) throws -> Result
  ) async throws -> Result? {
    let (view, attached) = state.withLockedValue { ($0.view, $0.log) }
    var transaction = StoreTransaction(base: view)
    var outcome = Swift.Result { try body(&transaction) }
    var command = transaction.command(at: now())
    if let attached, mayBeBehind(outcome, command, attached) {
      _ = try await attached.readBarrier()
      let known = self.view
      if known.index != view.index {
        transaction = StoreTransaction(base: known)
        outcome = Swift.Result { try body(&transaction) }
        command = transaction.command(at: now())
      }
    }
    let result = try outcome.get()
    if command.changes.isEmpty { return result }
    guard let attached else { throw WarrenError(.unavailable, "The store is not ready yet. Try again.") }
    do {
      _ = try await attached.propose(command.serialized())
      return result
    } catch is StoreRejection {
      return nil
    }
  }

  /// A change finds out in the log whether it was decided on what is true. A refusal, or that there is nothing to change, does not: others may
  /// have acknowledged what this manager has not heard of yet. That there is nothing to change is left to a leader's own word.
  private func mayBeBehind(_ outcome: Swift.Result<some Any, any Error>, _ command: StoreCommand, _ log: any ReplicatedLog) -> Bool {
    switch outcome {
    case .failure: true
    case .success: command.changes.isEmpty && !log.leadership.isLeader
    }
  }

  /// A view and every change after it, with none missing between and none told twice.
  ///
  /// A reader has to `consume` the view before it waits for changes: it would keep all objects as they were, also those that are deleted, for as
  /// long as it waits.
  /// - Parameter isOfInterest: a reader is woken for such changes only.
  package func watch(_ isOfInterest: @escaping @Sendable (StoreEvent) -> Bool = { _ in true }) -> (view: StoreView, changes: StoreWatch) {
    let watch = StoreWatch(limit: watchLimit, isOfInterest: isOfInterest)
    let view = state.withLockedValue { state in
      state.watches.append(WeakWatch(watch: watch))
      return state.view
    }
    return (view, watch)
  }

  /// Ends every watch; for shutdown.
  package func finishWatches() {
    let watches = state.withLockedValue { state in
      defer { state.watches = [] }
      return state.watches
    }
    for watch in watches { watch.watch?.finish() }
  }
}
