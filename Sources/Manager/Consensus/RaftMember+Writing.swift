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
    let (jobs, ended) = state.withLockedValue { state in
      defer { state.writes = [] }
      state.writingSince = state.now
      return (state.writes, state.end != nil)
    }
    // The database may be closed by now, and nobody waits for it any more.
    if ended { return }
    let start = ContinuousClock.now
    do {
      try write(jobs)
    } catch let error as WarrenError where error.code == .resourceExhausted {
      return fallBack(error)
    } catch {
      return fail(error)
    }
    metrics.wrote(entries: jobs.reduce(0) { $0 + $1.write.entries.count }, in: ContinuousClock.now - start)
    let more = change { state in
      let durable = storage.hardState.term
      state.outbox += state.held.filter { $0.term <= durable }
      state.held.removeAll { $0.term <= durable }
      for job in jobs { wrote(job, &state) }
      state.isWriting = !state.writes.isEmpty
      if state.isDiskFull { foundRoom(&state) }
      return state.isWriting
    }
    do { try storage.checkpointIfNeeded() } catch { return fail(error) }
    // By way of the queue, so that parts of a snapshot get their turn.
    if more { writeThread.async { self.writeBatch() } }
  }

  private func write(_ jobs: [WriteJob]) throws {
    var batch: [LogWrite] = []
    for job in jobs {
      if let snapshot = job.snapshot {
        try storage.write(batch)
        batch = []
        try storage.installSnapshot(snapshot, hardState: job.write.hardState ?? storage.hardState)
      }
      batch.append(job.write)
    }
    try storage.write(batch)
  }

  private func wrote(_ job: WriteJob, _ state: inout State) {
    state.node.changeStableLog {
      if let snapshot = job.snapshot { $0.restore(Snapshot(metadata: snapshot.metadata)) }
      $0.append(job.write.entries)
    }
    if let snapshot = job.snapshot {
      state.incoming = nil
      enqueue(.restore(snapshot), &state)
    }
    deliver(job.messages, &state)
  }

  /// No room on the disk, and nothing was written: goes back to what is on it, as after a restart, and stays away until there is room. Alone,
  /// nobody else has the entries that were to be written, so those proposals are off; else another leader gets them.
  private func fallBack(_ error: WarrenError) {
    change { state in
      // Once for each time that the disk is full, not for each look whether it still is.
      if !state.isDiskFull {
        logger.error("log.write.refused", metadata: ["reason": "\(error)", "action": "step aside until the disk has room"])
      }
      state.held = []
      state.isDiskFull = true
      state.incoming = nil
      // Whoever has the log takes over at once.
      if state.hasOtherVoters { handOver(&state) }
    }
    change { state in
      state.writes = []
      state.isWriting = false
      let old = state.node.log
      // What was handed out to be applied is committed and on the disk.
      let node = try? Self.node(
        storage, stable: old.stable, applied: old.applying, configuration: state.configuration, timing: timing, limits: limits)
      if let node { state.node = node }
      for sequence in state.proposals.keys {
        if state.isAlone { settle(sequence, .failure(error), &state) } else { state.proposals[sequence]?.isPlaced = false }
      }
    }
    writeThread.asyncAfter(deadline: .now() + Self.diskRetry) { [weak self] in self?.lookForRoom() }
  }

  /// Alone, the beginning of a new term is what shows that there is room.
  private func lookForRoom() {
    if state.withLockedValue({ $0.isAlone }) { return change { if $0.isDiskFull { $0.node.campaign() } } }
    do {
      try storage.write([LogWrite(hardState: storage.hardState)])
      change { foundRoom(&$0) }
    } catch  where error.code == .resourceExhausted {
      writeThread.asyncAfter(deadline: .now() + Self.diskRetry) { [weak self] in self?.lookForRoom() }
    } catch {
      fail(error)
    }
  }

  private func foundRoom(_ state: inout State) {
    logger.notice("log.disk.has-room-again", metadata: ["directory": "\(storage.location.directory)"])
    state.isDiskFull = false
  }

  static let diskRetry = DispatchTimeInterval.milliseconds(250)

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
        state.leaver = nil
        state.leadershipReaders = []
        if state.end == nil || failed { state.end = error }
        state.failed = state.failed || failed
      }
      return state
    }
    for proposal in ended.proposals.values { proposal.continuation.resume(throwing: error) }
    for read in ended.reads.values.map(\.continuation) + ended.confirmedReads.map(\.read.continuation) { read.resume(throwing: error) }
    for reader in ended.leadershipReaders { reader.finish() }
    ended.leaver?.continuation.resume()
    if failed { ended.runner?.resume(throwing: error) } else { ended.runner?.resume() }
  }
}
