import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
import Raft
import RaftStorage

// What happens on the apply thread.
extension RaftMember {
  /// Applies what is committed, answers its proposers, and goes on if more came in meanwhile.
  func applyBatch() {
    let (batch, ended) = state.withLockedValue { state in
      defer { state.applies = [] }
      return (state.applies, state.failed)
    }
    if ended { return }
    let entries = batch.flatMap(\.entries)
    let results: [SessionStateMachine.Result]
    do { results = try machine.apply(entries) } catch { return fail(error) }
    let applied = entries.last?.index ?? 0
    let (answers, more) = change { state in
      let answers = results.filter { $0.session == state.session }.compactMap { result in
        state.proposals.removeValue(forKey: result.sequence).map { (result, $0) }
      }
      state.waitingBytes -= answers.reduce(0) { $0 + $1.1.bytes }
      state.applied = max(state.applied, applied)
      state.snapshots.wrote(entries: entries.count, bytes: entries.payloadSize)
      for message in batch.flatMap(\.messages) { try? state.node.step(message) }
      state.isApplying = !state.applies.isEmpty
      return (answers, state.isApplying)
    }
    metrics.applied(applied)
    for (result, proposal) in answers {
      switch result.outcome {
      case .accepted: proposal.continuation.resume(returning: result.index)
      case .rejected(let error): proposal.continuation.resume(throwing: error)
      }
    }
    startSnapshotIfDue()
    if more { applyThread.async { self.applyBatch() } }
  }

  /// Taken here, so that the picture is of exactly the applied entries. Encoding happens elsewhere; the parts are stored between batches.
  private func startSnapshotIfDue() {
    let position: LogPosition? = state.withLockedValue { state in
      guard state.end == nil, let term = state.node.log.term(state.applied), state.snapshots.begin() else { return nil }
      return LogPosition(term: term, index: state.applied)
    }
    guard let position else { return }
    let encode = machine.snapshot()
    snapshotThread.async { self.store(encode, at: position) }
  }

  private func store(_ encode: () throws -> [UInt8], at position: LogPosition) {
    do {
      let data = try encode()
      let info = LogSnapshotInfo(
        index: position.index, term: position.term, configuration: storage.snapshot.configuration, size: data.count)
      for number in 0..<info.chunks {
        let start = number * LogSnapshotInfo.chunkSize
        let chunk = Array(data[start..<min(start + LogSnapshotInfo.chunkSize, data.count)])
        try onWriteThread { try $0.writeSnapshotChunk(number, chunk, of: info) }
      }
      try onWriteThread { try $0.adoptSnapshot(info) }
      while try onWriteThread({ try $0.removeStaleChunk() }) {}
      metrics.tookSnapshot()
      logger.info("log.compacted", metadata: ["index": "\(position.index)", "bytes": "\(data.count)"])
      change { state in
        state.node.changeStableLog { $0.compact(through: position.index) }
        state.snapshots.finished(stored: true)
      }
    } catch let error as WarrenError where error.code == .resourceExhausted || error.code == .cancelled {
      logger.warning("log.compaction.postponed", metadata: ["reason": "\(error)"])
      state.withLockedValue { $0.snapshots.finished(stored: false) }
    } catch {
      fail(error)
    }
  }

  private func onWriteThread<Result>(_ body: (LogDatabase) throws -> Result) throws -> Result {
    try writeThread.sync {
      if state.withLockedValue({ $0.end }) != nil { throw WarrenError(.cancelled, "The log is being closed.") }
      let result = try body(storage)
      try storage.checkpointIfNeeded()
      return result
    }
  }
}
