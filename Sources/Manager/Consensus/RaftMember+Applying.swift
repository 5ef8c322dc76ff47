import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage
import RaftTransport

// What happens on the apply thread, or where what is brief to apply was found to be committed.
extension RaftMember {
  /// Applies what is committed, answers its proposers, and goes on if more came in meanwhile.
  func applyBatch() {
    let (jobs, ended) = state.withLockedValue { state in
      defer { state.applies = [] }
      return (state.applies, state.failed)
    }
    if ended { return }
    do {
      var entries: [Entry] = []
      var messages: [Message] = []
      for job in jobs {
        switch job {
        case .entries(let more, let then):
          entries += more
          messages += then
        case .restore(let snapshot):
          try apply(entries, then: messages)
          (entries, messages) = ([], [])
          try restore(snapshot)
        }
      }
      try apply(entries, then: messages)
    } catch {
      return fail(error)
    }
    // Before another thread may apply: the picture is of exactly what is applied.
    startSnapshotIfDue()
    let more = change { state in
      state.isApplying = !state.applies.isEmpty
      return state.isApplying
    }
    if more { applyThread.async { self.applyBatch() } }
  }

  private func apply(_ handedOut: [Entry], then messages: [Message]) throws {
    if handedOut.isEmpty { return }
    // Older than a snapshot that was taken in meanwhile: the members are those of the snapshot by now.
    let covered = state.withLockedValue { max($0.applied, $0.node.log.firstIndex - 1) }
    let entries = handedOut.drop { $0.index <= covered }
    if let last = entries.last, entries.contains(where: { $0.kind != .command }) { try makeDurable(commit: last.index) }
    let applied = try machine.apply(entries)
    change { state in
      for change in applied.changes { take(change, &state) }
      for result in applied.results where result.session == state.session {
        switch result.outcome {
        case .accepted: settle(result.sequence, .success(result.index), &state)
        case .rejected(let error): settle(result.sequence, .failure(error), &state)
        }
      }
      if let last = entries.last {
        state.applied = last.index
        state.snapshots.wrote(entries: entries.count, bytes: entries.payloadSize)
        metrics.applied(last.index)
      }
      for message in messages { try? state.node.step(message) }
      // Without this member the others could need those that a change has removed, as long as they do not know of it.
      if applied.isUrgent || !applied.changes.isEmpty { state.outbox += state.notices.release() }
    }
    if !applied.changes.isEmpty { startTicking() }
  }

  /// Before a change of members takes effect it must be known, also after a crash, that it does: this member might count by the old ones.
  private func makeDurable(commit: LogIndex) throws {
    while true {
      do {
        return try onWriteThread { storage in
          let hardState = storage.hardState
          if hardState.commit < commit {
            try storage.write([LogWrite(hardState: HardState(term: hardState.term, vote: hardState.vote, commit: commit))])
          }
        }
      } catch let error as WarrenError where error.code == .resourceExhausted {
        logger.warning("raft.members.postponed", metadata: ["reason": "\(error)"])
        // The thread has nothing else to do: what follows must not be applied before.
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + Self.diskRetry)
      }
    }
  }

  private func take(_ change: SessionStateMachine.MemberChange, _ state: inout State) {
    do throws(RaftError) {
      state.configuration = try state.node.apply(change.change)
      // A new member takes no snapshot from before it was one.
      state.snapshots.force()
      logger.notice("raft.members.changed", metadata: ["index": "\(change.index)", "members": "\(state.configuration)"])
      if let proposal = change.proposal, proposal.session == state.session { settle(proposal.sequence, .success(change.index), &state) }
    } catch {
      guard let proposal = change.proposal, proposal.session == state.session else { return }
      settle(proposal.sequence, .failure(WarrenError(.failedPrecondition, "The managers cannot be changed so: \(error).")), &state)
    }
  }

  private func restore(_ snapshot: LogSnapshotInfo) throws {
    guard let (info, data) = try storage.readSnapshot(), info.index >= snapshot.index else { return }
    try machine.restore(data, index: info.index)
    logger.notice("raft.snapshot.restored", metadata: ["index": "\(info.index)", "bytes": "\(data.count)"])
    change { state in
      state.applied = max(state.applied, info.index)
      state.configuration = info.configuration
      for sequence in state.proposals.keys where machine.isSettled(session: state.session, sequence: sequence) {
        settle(sequence, .failure(Self.outcomeIsInSnapshot), &state)
      }
    }
  }

  // MARK: Snapshots of the own state

  /// Taken here, so that the picture is of exactly the applied entries. Encoding happens elsewhere; the parts are stored between batches.
  private func startSnapshotIfDue() {
    let info: LogSnapshotInfo? = state.withLockedValue { state in
      // Its transfer broke off, and the log has caught up by entries: nobody will offer it again.
      if let incoming = state.incoming, !incoming.isTaken, incoming.offer.metadata.index <= state.applied { state.incoming = nil }
      guard state.end == nil, state.incoming == nil, state.applied > storage.snapshot.index, let term = state.node.log.term(state.applied),
        state.snapshots.begin()
      else { return nil }
      return LogSnapshotInfo(index: state.applied, term: term, configuration: state.configuration, size: 0)
    }
    guard let info else { return }
    let encode = machine.snapshot()
    snapshotThread.async { self.store(encode, as: info) }
  }

  private func store(_ encode: () throws -> [UInt8], as picture: LogSnapshotInfo) {
    do {
      let data = try encode()
      let info = LogSnapshotInfo(
        index: picture.index, term: picture.term, configuration: picture.configuration, size: data.count)
      for number in 0..<info.chunks {
        let chunk = Array(data[info.range(ofChunk: number)])
        try onWriteThread { try $0.writeSnapshotChunk(number, chunk, of: info) }
      }
      // Meanwhile a newer one may have come from the leader.
      let isNewest = try onWriteThread { storage in
        guard info.index > storage.snapshot.index else { return false }
        try storage.adoptSnapshot(info)
        return true
      }
      change { state in
        if isNewest { compact(behind: info, &state) }
        state.snapshots.finished(stored: data.count)
      }
      removeStaleChunks()
      metrics.tookSnapshot()
      logger.info("log.compacted", metadata: ["index": "\(info.index)", "bytes": "\(data.count)"])
    } catch let error as WarrenError where error.code == .resourceExhausted || error.code == .cancelled {
      logger.warning("log.compaction.postponed", metadata: ["reason": "\(error)"])
      state.withLockedValue { $0.snapshots.finished(stored: nil) }
    } catch {
      fail(error)
    }
  }

  /// What members that are a little behind still need stays in memory.
  private func compact(behind info: LogSnapshotInfo, _ state: inout State) {
    let trailing = state.isAlone ? 0 : state.outgoing.isEmpty ? limits.trailing(snapshot: info.size) : limits.trailingBytesWhileSending
    state.node.changeStableLog { log in
      log.snapshot = Snapshot(metadata: info.metadata)
      log.compact(through: log.index(ofLast: trailing, through: info.index))
    }
  }

  /// All that belong neither to the newest snapshot nor to one on its way.
  func removeStaleChunks() {
    do {
      var found = true
      while found {
        found = try onWriteThread { storage in
          let used = state.withLockedValue { state in
            state.outgoing.values + [state.incoming?.offer.metadata.index].compactMap { $0 }
          }
          return try storage.removeStaleChunk(keeping: Set(used))
        }
      }
    } catch let error as WarrenError where error.code == .resourceExhausted || error.code == .cancelled {
      // They go with the next snapshot's.
    } catch {
      fail(error)
    }
  }

  func onWriteThread<Result>(_ body: (any MemberStorage) throws -> Result) throws -> Result {
    try writeThread.sync {
      if state.withLockedValue({ $0.end }) != nil { throw WarrenError(.cancelled, "The log is being closed.") }
      let result = try body(storage)
      try storage.checkpointIfNeeded()
      return result
    }
  }
}
