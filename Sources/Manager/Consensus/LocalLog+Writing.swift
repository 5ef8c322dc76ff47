import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
import RaftStorage

/// What happens on the log's thread.
extension LocalLog {
  /// Writes what is queued in one transaction, applies it, answers, and goes on if more came in meanwhile.
  func writeBatch() {
    let (batch, previous) = state.withLockedValue { ($0.takeBatch(limits), $0.applied) }
    if !batch.isEmpty { write(batch, after: previous) }
    let more = state.withLockedValue { state in
      state.writing = !state.queue.isEmpty
      return state.writing
    }
    // By way of the queue, so that parts of a snapshot get their turn.
    if more { thread.async { self.writeBatch() } }
  }

  private func write(_ batch: [Proposal], after previous: LogIndex) {
    var entries: [LogEntry] = []
    entries.reserveCapacity(batch.count)
    for (offset, proposal) in batch.enumerated() { entries.append(LogEntry(index: previous + UInt64(offset) + 1, data: proposal.command)) }
    let start = ContinuousClock.now
    do {
      try storage.append(entries)
    } catch let error as WarrenError where error.code == .resourceExhausted {
      logger.error("log.write.refused", metadata: ["reason": "\(error)", "entries": "\(batch.count)"])
      for proposal in batch { proposal.continuation.resume(throwing: error) }
      return
    } catch {
      fail(error, answering: batch)
      return
    }
    metrics.wrote(entries: entries.count, in: ContinuousClock.now - start)
    let outcomes: [ApplyOutcome]
    do {
      outcomes = try stateMachine.apply(entries.map { CommittedEntry(index: $0.index, command: $0.data) })
    } catch {
      fail(error, answering: batch)
      return
    }
    let bytes = entries.reduce(0) { $0 + $1.data.count }
    state.withLockedValue {
      $0.applied = previous + UInt64(entries.count)
      $0.snapshots.wrote(entries: entries.count, bytes: bytes)
    }
    metrics.applied(previous + UInt64(entries.count))
    answer(batch, outcomes, after: previous)
    do {
      try storage.checkpointIfNeeded()
      startSnapshotIfDue()
    } catch {
      fail(error, answering: [])
    }
  }

  private func answer(_ batch: [Proposal], _ outcomes: [ApplyOutcome], after previous: LogIndex) {
    for (offset, (proposal, outcome)) in zip(batch, outcomes).enumerated() {
      switch outcome {
      case .accepted: proposal.continuation.resume(returning: previous + UInt64(offset) + 1)
      case .rejected(let error): proposal.continuation.resume(throwing: error)
      }
    }
  }

  /// The end of this log, and of the process once `run()` throws: after a failed write or sync nothing is known about what is on the disk.
  func fail(_ cause: any Error, answering batch: [Proposal]) {
    let error = cause as? WarrenError ?? WarrenError(.internalError, "The log failed. Start warren again.", cause: cause)
    logger.critical("log.failed", metadata: ["reason": "\(error)"])
    for proposal in batch { proposal.continuation.resume(throwing: error) }
    end(with: error, failed: true)
  }

  /// Refuses what is queued and what comes; wakes `run()`.
  func end(with error: WarrenError, failed: Bool) {
    let (queue, runner, readers) = state.withLockedValue { state in
      defer {
        state.queue = []
        state.queuedBytes = 0
        state.runner = nil
        state.leadershipReaders = []
        if state.end == nil || failed { state.end = error }
        state.failed = state.failed || failed
      }
      return (state.queue, state.runner, state.leadershipReaders)
    }
    for proposal in queue { proposal.continuation.resume(throwing: error) }
    for reader in readers { reader.finish() }
    if failed { runner?.resume(throwing: error) } else { runner?.resume() }
  }
}

extension LocalLog.State {
  mutating func takeBatch(_ limits: LocalLog.Limits) -> [LocalLog.Proposal] {
    var bytes = 0
    let count = queue.prefix(limits.batchProposals).prefix { proposal in
      defer { bytes += proposal.command.count }
      return bytes == 0 || bytes + proposal.command.count <= limits.batchBytes
    }.count
    let batch = Array(queue[..<count])
    queue.removeFirst(count)
    queuedBytes -= batch.reduce(0) { $0 + $1.command.count }
    return batch
  }
}
