package import ClusterModel
import FoundationEssentials
import GRDB
import NIOConcurrencyHelpers
package import Raft

/// A snapshot that comes from the leader is kept beside the current one until all of it is there. What it is and what there is of it survive
/// a restart, so that the transfer goes on where it ended.
extension LogDatabase {
  /// Begins to receive a snapshot, or goes on with it. What there is of another one that was being received is given up.
  /// - Returns: the number of the first chunk that is missing.
  /// - Throws: `.failedPrecondition` when the current snapshot is as new.
  package func receiveSnapshot(_ info: LogSnapshotInfo) throws(WarrenError) -> Int {
    guard info.index > snapshot.index else {
      throw WarrenError(.failedPrecondition, "There is a snapshot of entry \(snapshot.index) already; one of entry \(info.index) brings nothing.")
    }
    return try location.translating {
      try queue.write { database in
        if try LogSnapshotInfo.readIncoming(database, location) == info {
          return try info.countChunks(database)
        }
        try database.execute(sql: LogSchema.incomingTable)
        try info.insert(into: database, table: "incoming_snapshot")
        // Of the same entry, but of something else.
        try database.execute(sql: "DELETE FROM snapshot_chunks WHERE snapshot = ?", arguments: [Int64(info.index)])
        return 0
      }
    }
  }

  /// What is being received, or was when the process ended.
  package func incomingSnapshot() throws(WarrenError) -> LogSnapshotInfo? {
    try read { try LogSnapshotInfo.readIncoming($0, location) }
  }

  /// - Throws: `.dataLoss` when a part is missing or is not what was written. It is received anew then, from the beginning.
  func verifyReceived(_ info: LogSnapshotInfo) throws(WarrenError) {
    do throws(WarrenError) {
      var size = 0
      for number in 0..<info.chunks { size += try readSnapshotChunk(number, of: info).count }
      guard size == info.size else { throw location.damage("the snapshot at entry \(info.index) is not as long as the leader's.") }
    } catch {
      try location.translating { try queue.write { try LogSnapshotInfo.forgetIncoming($0) } }
      throw error
    }
  }
}

extension LogSnapshotInfo {
  /// How many of its chunks are there without a gap, from the first on.
  func countChunks(_ database: Database) throws -> Int {
    let numbers = try Int.fetchAll(
      database, sql: "SELECT number FROM snapshot_chunks WHERE snapshot = ? ORDER BY number", arguments: [Int64(index)])
    return zip(numbers, 0...).prefix { $0 == $1 }.count
  }

  /// Nil also when what says so is damaged: then it is received anew.
  static func readIncoming(_ database: Database, _ location: LogLocation) throws -> LogSnapshotInfo? {
    guard try database.tableExists("incoming_snapshot"), try Int.fetchOne(database, sql: "SELECT count(*) FROM incoming_snapshot") == 1 else {
      return nil
    }
    do { return try read(database, location, table: "incoming_snapshot") } catch let error as WarrenError where error.code == .dataLoss { return nil }
  }

  static func forgetIncoming(_ database: Database) throws {
    if try database.tableExists("incoming_snapshot") { try database.execute(sql: "DELETE FROM incoming_snapshot") }
  }
}
