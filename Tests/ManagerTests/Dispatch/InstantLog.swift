import ClusterModel
import NIOConcurrencyHelpers
import Raft

@testable import Manager

/// A log that keeps nothing: what is proposed is applied at once. A gate can hold commits back, to see what collects meanwhile.
final class InstantLog: ReplicatedLog {
  private let store: ClusterStore
  private let state = NIOLockedValueBox(
    (index: LogIndex(0), gate: [CheckedContinuation<Void, Never>](), isClosed: false, failure: (any Error)?.none, passes: 0))
  private let interlude = NIOLockedValueBox<(@Sendable () async throws -> Void)?>(nil)

  init(store: ClusterStore) {
    self.store = store
    store.attach(to: self)
  }

  /// How many commands were taken.
  var count: Int { Int(state.withLockedValue { $0.index }) }
  /// How many proposals wait at the closed gate.
  var waiting: Int { state.withLockedValue { $0.gate.count } }

  func closeGate() { state.withLockedValue { $0.isClosed = true } }

  func openGate() {
    let waiting = state.withLockedValue { state in
      state.isClosed = false
      defer { state.gate = [] }
      return state.gate
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Makes every proposal fail until told otherwise.
  func fail(with error: (any Error)?) { state.withLockedValue { ($0.failure, $0.passes) = (error, 0) } }
  /// The same, after one more proposal.
  func failAfterNext(with error: WarrenError) { state.withLockedValue { ($0.failure, $0.passes) = (error, 1) } }

  /// Happens once the next proposal is applied, and before its proposer hears of it.
  func afterNext(_ body: @escaping @Sendable () async throws -> Void) { interlude.withLockedValue { $0 = body } }

  func propose(_ command: [UInt8]) async throws -> LogIndex {
    await withCheckedContinuation { continuation in
      let passes = state.withLockedValue { state in
        if state.isClosed { state.gate.append(continuation) }
        return !state.isClosed
      }
      if passes { continuation.resume() }
    }
    let index = try state.withLockedValue { state in
      if let failure = state.failure, state.passes == 0 { throw failure }
      if state.passes > 0 { state.passes -= 1 }
      state.index += 1
      if case .rejected(let error)? = try store.apply([CommittedEntry(index: state.index, command: command)]).first { throw error }
      return state.index
    }
    let body = interlude.withLockedValue { body in
      defer { body = nil }
      return body
    }
    try await body?()
    return index
  }

  func readBarrier() async throws -> LogIndex { state.withLockedValue { $0.index } }
  var leadership: Leadership { Leadership(term: 1, isLeader: true) }
  func leadershipChanges() -> AsyncStream<Leadership> { AsyncStream { $0.yield(leadership) } }
}
