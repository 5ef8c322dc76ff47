import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
import RaftStorage

extension LocalLog {
  /// On the log's thread, so that the picture is of exactly the applied entries. Encoding happens elsewhere; the parts are stored between batches.
  func startSnapshotIfDue() {
    let (due, applied) = state.withLockedValue { ($0.snapshots.begin(), $0.applied) }
    guard due else { return }
    let encode = stateMachine.snapshot()
    snapshotThread.async { self.store(encode, index: applied) }
  }

  private func store(_ encode: () throws -> [UInt8], index: LogIndex) {
    do {
      let data = try encode()
      let info = LogSnapshotInfo(index: index, term: 1, size: data.count)
      for number in 0..<info.chunks {
        let start = number * LogSnapshotInfo.chunkSize
        let chunk = Array(data[start..<min(start + LogSnapshotInfo.chunkSize, data.count)])
        try onThread { try $0.writeSnapshotChunk(number, chunk, of: info) }
      }
      try onThread { try $0.adoptSnapshot(info) }
      while try onThread({ try $0.removeStaleChunk() }) {}
      metrics.tookSnapshot()
      logger.info("log.compacted", metadata: ["index": "\(index)", "bytes": "\(data.count)"])
      state.withLockedValue { $0.snapshots.finished(stored: true) }
    } catch let error as WarrenError where error.code == .resourceExhausted || error.code == .cancelled {
      logger.warning("log.compaction.postponed", metadata: ["reason": "\(error)"])
      state.withLockedValue { $0.snapshots.finished(stored: false) }
    } catch {
      fail(error, answering: [])
    }
  }

  private func onThread<Result>(_ body: (LogDatabase) throws -> Result) throws -> Result {
    try thread.sync {
      if state.withLockedValue({ $0.end }) != nil { throw WarrenError(.cancelled, "The log is being closed.") }
      let result = try body(storage)
      try storage.checkpointIfNeeded()
      return result
    }
  }
}
