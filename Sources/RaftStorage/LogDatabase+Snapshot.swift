package import ClusterModel
import GRDB
import NIOConcurrencyHelpers
package import Raft

/// Saving a snapshot takes several short transactions, so that entries can be appended between them: its chunks, then the one that
/// makes it the snapshot and drops the entries in it, then the old one's chunks. A crash between two leaves the old snapshot with all its entries.
extension LogDatabase {
  package func writeSnapshotChunk(_ number: Int, _ data: [UInt8], of info: LogSnapshotInfo) throws(WarrenError) {
    let newest = snapshot.index
    try refusing { () throws(LogWriteError) in try info.check(data, asChunk: number, newest: newest) }
    try write { try info.insertChunk(number, data, into: $0) }
    state.withLockedValue { $0.unchecked += data.count + 4096 }
  }

  /// Makes a snapshot of this log whose chunks are all written the current one, and removes the entries it covers, in one transaction.
  package func adoptSnapshot(_ info: LogSnapshotInfo) throws(WarrenError) {
    let (newest, last) = (snapshot.index, lastIndex)
    try refusing { () throws(LogWriteError) in guard newest < info.index, info.index <= last else { throw .misplacedSnapshot(info.index) } }
    try write { database in
      guard try info.countChunks(database) == info.chunks else {
        throw WarrenError(.internalError, "Parts of the snapshot at entry \(info.index) are missing. Report this as a bug of warren.")
      }
      try info.insert(into: database)
      try database.execute(sql: #"DELETE FROM entries WHERE "index" <= ?"#, arguments: [Int64(info.index)])
    }
    state.withLockedValue {
      $0.snapshot = info
      $0.unchecked += 1 << 20
    }
  }

  /// Begins anew behind a snapshot from the leader whose chunks are all written, and are read for that once more: what the log held
  /// contradicts it or is in it.
  /// - Throws: `.dataLoss` when they are not all there and as they were sent; nothing is changed then.
  package func installSnapshot(_ info: LogSnapshotInfo, hardState new: HardState) throws(WarrenError) {
    let before = state.withLockedValue { $0 }
    let hardState = try refusing { () throws(LogWriteError) in
      guard info.index > max(before.snapshot.index, before.hardState.commit) else { throw .misplacedSnapshot(info.index) }
      return try before.hardState.followed(by: new)
    }
    try verifyReceived(info)
    mark.lower(to: info.index)
    try write { database in
      try info.insert(into: database)
      try hardState.insert(into: database)
      try database.execute(sql: "DELETE FROM entries")
      try LogSnapshotInfo.forgetIncoming(database)
    }
    state.withLockedValue {
      $0.snapshot = info
      $0.hardState = hardState
      $0.lastIndex = info.index
      $0.unchecked += 1 << 20
    }
    mark.record(info.index)
  }

  /// - Throws: `.dataLoss` when it is not what was written.
  package func readSnapshotChunk(_ number: Int, of info: LogSnapshotInfo) throws(WarrenError) -> [UInt8] {
    try read { try info.readChunk(number, $0, location) }
  }

  /// Removes one chunk that belongs neither to the current snapshot nor to one of those that are being sent or received. False when there
  /// is none left.
  package func removeStaleChunk(keeping others: Set<LogIndex> = []) throws(WarrenError) -> Bool {
    let known = others.union([snapshot.index])
    return try write { database in
      let incoming = try LogSnapshotInfo.readIncoming(database, location)
      let kept = known.union(incoming.map { [$0.index] } ?? []).map { String($0) }.joined(separator: ",")
      try database.execute(
        sql: "DELETE FROM snapshot_chunks WHERE rowid = (SELECT rowid FROM snapshot_chunks WHERE snapshot NOT IN (\(kept)) LIMIT 1)")
      return database.changesCount > 0
    }
  }

  /// The whole snapshot; nil when none was ever taken.
  /// - Throws: `.dataLoss` when it is not what was written.
  package func readSnapshot() throws(WarrenError) -> (info: LogSnapshotInfo, data: [UInt8])? {
    let info = snapshot
    if info.index == 0 { return nil }
    return try read { database in
      var data: [UInt8] = []
      data.reserveCapacity(info.size)
      for number in 0..<info.chunks { data += try info.readChunk(number, database, location) }
      guard data.count == info.size else { throw location.damage("the snapshot at entry \(info.index) is not as long as it was.") }
      return (info, data)
    }
  }

  private func write<Result>(_ body: (Database) throws -> Result) throws(WarrenError) -> Result {
    try location.translating { try queue.write(body) }
  }
}
