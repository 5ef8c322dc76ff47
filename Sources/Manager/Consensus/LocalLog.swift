import ClusterModel
import Dispatch
package import Logging
import NIOConcurrencyHelpers
package import RaftStorage

/// The log of a cluster with one manager: entries are committed once they are on this machine's disk.
///
/// Proposals that come in while a batch is being synced go into the next batch together. All work on the database and on the state
/// machine happens in order on one thread of its own.
package final class LocalLog: ReplicatedLog, Sendable {
  package struct Limits: Sendable {
    /// Beyond either, proposals are refused instead of queued.
    package var queuedProposals = 8192
    package var queuedBytes = 64 << 20
    /// Of one transaction.
    package var batchProposals = 1024
    package var batchBytes = 4 << 20
    /// A snapshot is taken and the log compacted after this many entries or bytes.
    package var entriesPerSnapshot = 10_000
    package var bytesPerSnapshot = 16 << 20

    package init() {}
  }

  struct Proposal {
    var command: [UInt8]
    var continuation: CheckedContinuation<LogIndex, any Error>
  }

  struct State {
    var queue: [Proposal] = []
    var queuedBytes = 0
    /// Whether a batch is being written or about to be.
    var writing = false
    var applied: LogIndex = 0
    var snapshots: SnapshotSchedule
    /// Why nothing can be proposed any more.
    var end: WarrenError?
    var failed = false
    /// `run()`, waiting for the end.
    var runner: CheckedContinuation<Void, any Error>?
    var leadershipReaders: [AsyncStream<Leadership>.Continuation] = []
  }

  let storage: LogDatabase
  let stateMachine: any ReplicatedStateMachine
  let limits: Limits
  let logger: Logger
  let metrics = LogMetrics()
  let state: NIOLockedValueBox<State>
  /// Where the database is written and commands are applied.
  let thread = DispatchQueue(label: "warren.log")
  let snapshotThread = DispatchQueue(label: "warren.log.snapshot", qos: .utility)

  /// Brings the state machine to where the log is: newest snapshot, then the entries after it.
  /// - Throws: `.dataLoss` when the log is damaged or newer than this version of warren.
  package static func start(
    storage: LogDatabase, stateMachine: any ReplicatedStateMachine, limits: Limits = Limits(), logger: Logger
  ) async throws -> LocalLog {
    let log = LocalLog(storage: storage, stateMachine: stateMachine, limits: limits, logger: logger)
    try await withCheckedThrowingContinuation { continuation in
      log.thread.async { continuation.resume(with: Result { try log.replay() }) }
    }
    return log
  }

  private init(storage: LogDatabase, stateMachine: any ReplicatedStateMachine, limits: Limits, logger: Logger) {
    self.storage = storage
    self.stateMachine = stateMachine
    self.limits = limits
    self.logger = logger
    state = NIOLockedValueBox(State(snapshots: SnapshotSchedule(entries: limits.entriesPerSnapshot, bytes: limits.bytesPerSnapshot)))
  }

  private func replay() throws {
    var applied: LogIndex = 0
    if let snapshot = try storage.readSnapshot() {
      try stateMachine.restore(snapshot.data, index: snapshot.info.index)
      applied = snapshot.info.index
    }
    while applied < storage.lastIndex {
      let entries = try storage.readEntries(after: applied, byteLimit: limits.batchBytes)
      guard let last = entries.last else { break }
      _ = try stateMachine.apply(entries.map { CommittedEntry(index: $0.index, command: $0.data) })
      applied = last.index
      let bytes = entries.reduce(0) { $0 + $1.data.count }
      state.withLockedValue { $0.snapshots.wrote(entries: entries.count, bytes: bytes) }
    }
    state.withLockedValue { $0.applied = applied }
    metrics.applied(applied)
    logger.info("log.opened", metadata: ["index": "\(applied)", "snapshot": "\(storage.snapshot?.index ?? 0)"])
  }

  package func propose(_ command: [UInt8]) async throws -> LogIndex {
    let start = ContinuousClock.now
    do {
      let index = try await enqueue(command)
      metrics.stored(in: ContinuousClock.now - start)
      return index
    } catch {
      metrics.failed(with: error)
      throw error
    }
  }

  private func enqueue(_ command: [UInt8]) async throws -> LogIndex {
    if command.count > maximumCommandSize {
      throw WarrenError(
        .invalidArgument, "This change is too large: \(command.count) bytes, at most \(maximumCommandSize). Split it into smaller ones.")
    }
    return try await withCheckedThrowingContinuation { continuation in
      let refused: WarrenError? = state.withLockedValue { state in
        if let end = state.end { return end }
        if state.queue.count >= limits.queuedProposals || state.queuedBytes + command.count > limits.queuedBytes {
          return WarrenError(
            .resourceExhausted, "More changes wait for the disk than it keeps up with (\(state.queue.count)). Nothing was stored; try again later.")
        }
        state.queue.append(Proposal(command: command, continuation: continuation))
        state.queuedBytes += command.count
        if !state.writing {
          state.writing = true
          thread.async { self.writeBatch() }
        }
        return nil
      }
      if let refused { continuation.resume(throwing: refused) }
    }
  }

  /// What is acknowledged is applied: there is nothing to wait for.
  package func readBarrier() async throws -> LogIndex {
    let (end, applied) = state.withLockedValue { ($0.end, $0.applied) }
    if let end { throw end }
    return applied
  }

  package let leadership = Leadership(term: 1, isLeader: true)

  package func leadershipChanges() -> AsyncStream<Leadership> {
    let (stream, continuation) = AsyncStream.makeStream(of: Leadership.self, bufferingPolicy: .bufferingNewest(1))
    continuation.yield(leadership)
    let ended = state.withLockedValue { state in
      if state.end == nil { state.leadershipReaders.append(continuation) }
      return state.end != nil
    }
    if ended { continuation.finish() }
    return stream
  }
}
