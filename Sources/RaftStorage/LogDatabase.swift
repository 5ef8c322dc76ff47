import ClusterModel
import GRDB
package import Logging
import NIOConcurrencyHelpers

/// A durable log with its newest snapshot: one SQLite database in `DIR/raft`, in WAL mode with `synchronous=FULL`.
///
/// Every call blocks until it is done and may sync the disk: call it from a thread of one's own, never from the cooperative pool.
/// When a call has failed with anything but `.resourceExhausted`, nothing is known about what is on the disk: end the process and start again.
package final class LogDatabase: Sendable {
  struct State {
    var lastIndex: UInt64 = 0
    var snapshot: LogSnapshotInfo?
    /// About how much was written since the last checkpoint.
    var unchecked = 0
  }

  package let location: LogLocation
  package let identity: LogIdentity
  let queue: DatabaseQueue
  let logger: Logger
  let state = NIOLockedValueBox(State())
  private let lock: DirectoryLock
  private let mark: AcknowledgedMark

  /// Whether there is a log, or what is left of one.
  package static func exists(dataDirectory: String) -> Bool {
    let location = LogLocation(dataDirectory: dataDirectory)
    return [location.database, location.writeAheadLog, location.mark].contains(where: FileSystem.exists) || location.recoveryWasInterrupted
  }

  /// Makes an empty log and opens it. A crash meanwhile leaves either none or a whole one.
  /// - Throws: `.alreadyExists` when there is one.
  package static func create(dataDirectory: String, identity: LogIdentity, logger: Logger) throws -> LogDatabase {
    let location = LogLocation(dataDirectory: dataDirectory)
    try FileSystem.makeDirectories(dataDirectory)
    let lock = try DirectoryLock(path: location.lock, dataDirectory: dataDirectory)
    if exists(dataDirectory: dataDirectory) {
      throw WarrenError(
        .alreadyExists, "\(location.directory) already holds a cluster's log. Start it with: warren start --data-dir \(dataDirectory)")
    }
    try FileSystem.removeDirectory(location.unfinished)
    try LogSchema.build(in: location.unfinished, identity: identity) { _ in }
    try FileSystem.rename(location.unfinished, to: location.directory)
    try FileSystem.sync(dataDirectory)
    return try LogDatabase(location: location, lock: lock, logger: logger)
  }

  /// Opens a log and checks that nothing is missing from it. What entries and snapshot hold is checked when they are read.
  /// - Throws: `.notFound`; `.failedPrecondition` when another process has it open; `.dataLoss` when it is damaged, naming the command to run.
  package static func open(dataDirectory: String, logger: Logger) throws -> LogDatabase {
    let location = LogLocation(dataDirectory: dataDirectory)
    guard exists(dataDirectory: dataDirectory) else {
      throw WarrenError(.notFound, "\(dataDirectory) holds no cluster. Make one with: warren cluster init --data-dir \(dataDirectory)")
    }
    let lock = try DirectoryLock(path: location.lock, dataDirectory: dataDirectory)
    return try LogDatabase(location: location, lock: lock, logger: logger)
  }

  private init(location: LogLocation, lock: DirectoryLock, logger: Logger) throws {
    self.location = location
    self.lock = lock
    self.logger = logger
    if location.recoveryWasInterrupted { throw location.damage("an earlier recovery was interrupted.") }
    guard FileSystem.exists(location.database) else { throw location.damage("the file \(location.database) is missing.") }
    try FileSystem.makePrivateDirectory(location.directory)
    try WriteAheadLogScan.verify(location)
    (queue, identity, mark) = try location.translating {
      let queue = try LogSchema.connect(to: location.database)
      let identity = try queue.read { try LogSchema.readIdentity($0, location) }
      return (queue, identity, try AcknowledgedMark(path: location.mark, inode: FileSystem.inode(of: location.database)))
    }
    try verifyComplete()
  }

  /// Indexes have no gaps, begin after the snapshot, and reach as far as was ever acknowledged.
  private func verifyComplete() throws {
    let (first, last, count, snapshot) = try location.translating {
      try queue.writeWithoutTransaction { database in
        let row = try Row.fetchOne(database, sql: #"SELECT min("index"), max("index"), count(*) FROM entries"#)
        let snapshot = try LogSnapshotInfo.read(database, location)
        try LogSnapshotInfo.dropStrayChunks(database, keeping: snapshot)
        return (row?[0] as Int64?, row?[1] as Int64?, row?[2] as Int64? ?? 0, snapshot)
      }
    }
    let covered = snapshot?.index ?? 0
    var lastIndex = covered
    if let first, let last {
      guard first == Int64(covered) + 1, last - first + 1 == count else {
        throw location.damage("entries are missing between \(covered) and \(last).")
      }
      lastIndex = UInt64(last)
    }
    if let acknowledged = mark.index, acknowledged > lastIndex {
      throw location.damage("it ends at entry \(lastIndex), but entry \(acknowledged) was acknowledged once.")
    }
    state.withLockedValue {
      $0.lastIndex = lastIndex
      $0.snapshot = snapshot
    }
    mark.record(lastIndex)
  }

  /// The index of the last entry, or of the snapshot when no entry follows it.
  package var lastIndex: UInt64 { state.withLockedValue { $0.lastIndex } }
  package var snapshot: LogSnapshotInfo? { state.withLockedValue { $0.snapshot } }

  /// Adds entries in one transaction: all are durable when this returns, none when it throws `.resourceExhausted`.
  package func append(_ entries: [LogEntry]) throws {
    guard let last = entries.last else { return }
    var expected = lastIndex
    for entry in entries {
      expected += 1
      guard entry.index == expected else {
        throw WarrenError(.internalError, "Entry \(entry.index) was offered where \(expected) should follow. Report this as a bug of warren.")
      }
    }
    try location.translating {
      try queue.inDatabase { database in
        try database.inTransaction(.immediate) {
          for entry in entries { try entry.insert(into: database) }
          return .commit
        }
      }
    }
    mark.record(last.index)
    let size = entries.reduce(4096) { $0 + $1.data.count + 64 }
    state.withLockedValue {
      $0.lastIndex = last.index
      $0.unchecked += size + 2 * 4096
    }
  }

  /// The entries that follow `index`, as many as fit into `byteLimit` and at least one; empty at the end of the log.
  /// - Throws: `.dataLoss` at the first entry that is not what was written.
  package func readEntries(after index: UInt64, byteLimit: Int) throws -> [LogEntry] {
    try location.translating {
      try queue.read { database in
        var entries: [LogEntry] = []
        var size = 0
        let rows = try Row.fetchCursor(
          database, sql: #"SELECT "index", term, kind, data, checksum FROM entries WHERE "index" > ? ORDER BY "index""#, arguments: [Int64(index)])
        while size < byteLimit, let row = try rows.next() {
          let entry = try LogEntry(row, location)
          guard entry.index == index + UInt64(entries.count) + 1 else {
            throw location.damage("entry \(index + UInt64(entries.count) + 1) is missing.")
          }
          size += entry.data.count
          entries.append(entry)
        }
        return entries
      }
    }
  }

  /// Moves what was written from the write-ahead log into the database when that has grown beyond 4 MiB. To be called now and then after writes.
  package func checkpointIfNeeded() throws {
    guard state.withLockedValue({ $0.unchecked > Self.checkpointSize }) else { return }
    do {
      try location.translating { try queue.inDatabase { _ = try $0.checkpoint(.passive) } }
      state.withLockedValue { $0.unchecked = 0 }
    } catch let error as WarrenError where error.code == .resourceExhausted {
      // The write-ahead log still has everything; it only goes on growing until there is space.
      logger.warning("log.checkpoint.postponed", metadata: ["reason": "\(error)"])
    }
  }

  private static let checkpointSize = 4 << 20

  /// Lets another process open the directory. Nothing can be called after it.
  package func close() throws {
    try location.translating { try queue.close() }
    lock.release()
  }
}
