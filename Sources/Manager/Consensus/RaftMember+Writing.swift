import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage

// What happens on the write thread.
extension RaftMember {
  /// Writes what is queued in one transaction, says what that promised, and goes on if more came in meanwhile.
  func writeBatch() {
    let jobs = state.withLockedValue { state in
      defer { state.writes = [] }
      return state.writes
    }
    let start = ContinuousClock.now
    do {
      try storage.write(jobs.map(\.write))
    } catch let error as WarrenError where error.code == .resourceExhausted {
      return fallBack(error)
    } catch {
      return fail(error)
    }
    metrics.wrote(entries: jobs.reduce(0) { $0 + $1.write.entries.count }, in: ContinuousClock.now - start)
    let more = change { state in
      for job in jobs {
        state.node.changeStableLog { $0.append(job.write.entries) }
        for message in job.messages { try? state.node.step(message) }
      }
      if state.isDiskFull { logger.notice("log.disk.has-room-again", metadata: ["directory": "\(storage.location.directory)"]) }
      state.isDiskFull = false
      state.isWriting = !state.writes.isEmpty
      return state.isWriting
    }
    do { try storage.checkpointIfNeeded() } catch { return fail(error) }
    // By way of the queue, so that parts of a snapshot get their turn.
    if more { writeThread.async { self.writeBatch() } }
  }

  /// No room on the disk, and nothing was written: goes back to what is on it, as after a restart. Nobody else has the entries that were
  /// to be written, so those proposals are off. Begins a new term as soon as there is room for that.
  private func fallBack(_ error: WarrenError) {
    logger.error("log.write.refused", metadata: ["reason": "\(error)"])
    let proposals = state.withLockedValue { state -> [Proposal] in
      defer {
        state.proposals = [:]
        state.waitingBytes = 0
      }
      state.writes = []
      state.isWriting = false
      state.isDiskFull = true
      let old = state.node.log
      // What was handed out to be applied is committed and on the disk.
      if let node = try? Self.node(storage, stable: old.stable, applied: old.applying, limits: limits) { state.node = node }
      return Array(state.proposals.values)
    }
    for proposal in proposals { proposal.continuation.resume(throwing: error) }
    change { _ in }
    writeThread.asyncAfter(deadline: .now() + Self.diskRetry) { [weak self] in self?.change { if $0.isDiskFull { $0.node.campaign() } } }
  }

  private static let diskRetry = DispatchTimeInterval.milliseconds(250)

  static func diskFull(_ storage: LogDatabase) -> WarrenError {
    WarrenError(
      .resourceExhausted, "The disk that holds \(storage.location.directory) is full: nothing was stored. Free some space and try again.")
  }

  /// The end of this log, and of the process once `run()` throws: after a failed write or sync nothing is known about what is on the disk.
  func fail(_ cause: any Error) {
    let error = cause as? WarrenError ?? WarrenError(.internalError, "The log failed. Start warren again.", cause: cause)
    logger.critical("log.failed", metadata: ["reason": "\(error)"])
    end(with: error, failed: true)
  }

  /// Refuses what waits and what comes; wakes `run()`.
  func end(with error: WarrenError, failed: Bool) {
    let ended = state.withLockedValue { state in
      defer {
        state.proposals = [:]
        state.reads = [:]
        state.confirmedReads = []
        state.runner = nil
        state.leadershipReaders = []
        if state.end == nil || failed { state.end = error }
        state.failed = state.failed || failed
      }
      return state
    }
    for proposal in ended.proposals.values { proposal.continuation.resume(throwing: error) }
    for read in ended.reads.values + ended.confirmedReads.map(\.continuation) { read.resume(throwing: error) }
    for reader in ended.leadershipReaders { reader.finish() }
    if failed { ended.runner?.resume(throwing: error) } else { ended.runner?.resume() }
  }
}
