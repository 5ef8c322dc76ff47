package import ClusterModel
import GRDB
package import Logging
import NIOConcurrencyHelpers
package import Raft

/// What one Raft member must not forget: its log, its newest snapshot, its term and vote. One SQLite database in `DIR/raft`, in WAL mode with `synchronous=FULL`.
///
/// Every call blocks until it is done and may sync the disk: call it from a thread of one's own, never from the cooperative pool.
/// When a call has failed with anything but `.resourceExhausted`, nothing is known about what is on the disk: end the process and start again.
package final class LogDatabase: MemberStorage {
  struct State {
    var lastIndex: LogIndex = 0
    var hardState = HardState()
    var snapshot: LogSnapshotInfo
    /// About how much was written since the last checkpoint.
    var unchecked = 0
  }

  private let place: LogLocation
  package let identity: LogIdentity
  let queue: DatabaseQueue
  let logger: Logger
  let state: NIOLockedValueBox<State>
  let mark: AcknowledgedMark
  private let lock: DirectoryLock

  /// Whether there is a log, or what is left of one.
  package static func exists(dataDirectory: String) -> Bool {
    let location = LogLocation(dataDirectory: dataDirectory)
    return [location.database, location.writeAheadLog, location.mark].contains(where: FileSystem.exists) || location.recoveryWasInterrupted
  }

  /// Makes an empty log and opens it. A crash meanwhile leaves either none or a whole one.
  /// - Parameter founders: the members of a new cluster, without others this one; none for a member that joins a cluster and is told.
  /// - Throws: `.alreadyExists` when there is one.
  package static func create(
    dataDirectory: String, identity: LogIdentity, founders: MemberSet? = nil, logger: Logger
  ) throws -> LogDatabase {
    let location = LogLocation(dataDirectory: dataDirectory)
    try FileSystem.makeDirectories(dataDirectory)
    let lock = try DirectoryLock(path: location.lock, dataDirectory: dataDirectory)
    if exists(dataDirectory: dataDirectory) {
      throw WarrenError(
        .alreadyExists, "\(location.directory) already holds a cluster's log. Start it with: warren start --data-dir \(dataDirectory)")
    }
    try FileSystem.removeDirectory(location.unfinished)
    let beginning = LogSnapshotInfo(
      index: 0, term: 0, configuration: ConfigurationState(voters: founders ?? [MemberID(rawValue: identity.memberID)]), size: 0)
    try LogSchema.build(in: location.unfinished, identity: identity, snapshot: beginning) { _ in }
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
    place = location
    self.lock = lock
    self.logger = logger
    if location.recoveryWasInterrupted { throw location.damage("an earlier recovery was interrupted.") }
    guard FileSystem.exists(location.database) else { throw location.damage("the file \(location.database) is missing.") }
    try FileSystem.makePrivateDirectory(location.directory)
    try WriteAheadLogScan.verify(location)
    (queue, identity, mark, state) = try location.translating {
      let queue = try LogSchema.connect(to: location.database)
      try queue.writeWithoutTransaction { try LogSchema.upgrade($0, location) }
      let (identity, snapshot) = try queue.read { (try LogSchema.readIdentity($0, location), try LogSnapshotInfo.read($0, location)) }
      let mark = try AcknowledgedMark(path: location.mark, of: FileSystem.identity(of: location.database))
      return (queue, identity, mark, NIOLockedValueBox(State(snapshot: snapshot)))
    }
    try verifyComplete()
  }

  package var location: LogLocation { place.among(snapshot.configuration != identity.alone) }

  /// Indexes have no gaps, begin after the snapshot, and reach as far as was ever acknowledged.
  private func verifyComplete() throws {
    let covered = snapshot.index
    let (first, last, count, hardState) = try location.translating {
      try queue.writeWithoutTransaction { database in
        let row = try Row.fetchOne(database, sql: #"SELECT min("index"), max("index"), count(*) FROM entries"#)
        try LogSnapshotInfo.dropStrayChunks(database, keeping: snapshot, and: LogSnapshotInfo.readIncoming(database, location))
        return (row?[0] as Int64?, row?[1] as Int64?, row?[2] as Int64? ?? 0, try HardState.read(database, location))
      }
    }
    var lastIndex = covered
    if let first, let last {
      guard first == Int64(covered) + 1, last - first + 1 == count else {
        throw location.damage("entries are missing between \(covered) and \(last).")
      }
      lastIndex = UInt64(last)
    }
    let acknowledged = mark.index
    if let acknowledged, acknowledged > lastIndex {
      throw location.damage("it ends at entry \(lastIndex), but entry \(acknowledged) was acknowledged once.")
    }
    // Alone, a copy is better than nothing. Among others, nobody can tell what the copied member acknowledged afterwards, or whom it voted for.
    if acknowledged == nil, location.isAmongOthers, lastIndex > 0 || !hardState.isEmpty {
      throw location.damage("its files are not those that this manager wrote, but a copy of unknown age.")
    }
    guard hardState.commit <= lastIndex else {
      throw location.damage("it ends at entry \(lastIndex), but entry \(hardState.commit) was committed once.")
    }
    state.withLockedValue {
      $0.lastIndex = lastIndex
      $0.hardState = hardState
    }
    if acknowledged == nil { try mark.establish(lastIndex, in: location.directory) } else { mark.record(lastIndex) }
  }

  /// The index of the last entry, or of the snapshot when no entry follows it.
  package var lastIndex: LogIndex { state.withLockedValue { $0.lastIndex } }
  package var hardState: HardState { state.withLockedValue { $0.hardState } }
  package var snapshot: LogSnapshotInfo { state.withLockedValue { $0.snapshot } }

  /// Writes in one transaction: all of it is durable when this returns, nothing when it throws `.resourceExhausted`. Entries that take the
  /// place of others remove everything after those.
  package func write(_ batch: [LogWrite]) throws(WarrenError) {
    let before = state.withLockedValue { $0 }
    let change = try refusing { () throws(LogWriteError) in
      try LogChange(batch, to: before.hardState, snapshot: before.snapshot.index, last: before.lastIndex)
    }
    let hardState = batch.contains { $0.hardState != nil } ? change.hardState : nil
    guard hardState != nil || batch.contains(where: { !$0.entries.isEmpty }) else { return }
    if change.keptIndex < before.lastIndex { mark.lower(to: change.keptIndex) }
    try location.translating {
      try queue.inDatabase { database in
        try database.inTransaction(.immediate) {
          try hardState?.insert(into: database)
          var end = before.lastIndex
          for entries in batch.map(\.entries) where !entries.isEmpty {
            if entries[0].index <= end {
              try database.execute(sql: #"DELETE FROM entries WHERE "index" >= ?"#, arguments: [Int64(entries[0].index)])
            }
            for entry in entries { try entry.insert(into: database) }
            end = entries[0].index + UInt64(entries.count) - 1
          }
          return .commit
        }
      }
    }
    mark.record(change.lastIndex)
    let size = batch.reduce(0) { $0 + $1.entries.totalSize + 64 * $1.entries.count }
    state.withLockedValue {
      $0.lastIndex = change.lastIndex
      $0.hardState = change.hardState
      $0.unchecked += size + 3 * 4096
    }
  }

  /// Puts a refusal into words.
  func refusing<Result>(_ check: () throws(LogWriteError) -> Result) throws(WarrenError) -> Result {
    do { return try check() } catch { throw WarrenError(.internalError, "\(error). Nothing was stored; report this as a bug of warren.") }
  }

  /// The entries that follow `index`, as many as fit into `byteLimit` and at least one; empty at the end of the log.
  /// - Throws: `.dataLoss` at the first entry that is not what was written.
  package func readEntries(after index: LogIndex, byteLimit: Int) throws(WarrenError) -> [Entry] {
    try read { database in
      var entries: [Entry] = []
      var size = 0
      let rows = try Row.fetchCursor(
        database, sql: #"SELECT "index", term, kind, data, checksum FROM entries WHERE "index" > ? ORDER BY "index""#, arguments: [Int64(index)])
      while size < byteLimit, let row = try rows.next() {
        let entry = try Entry(row, location)
        guard entry.index == index + UInt64(entries.count) + 1 else {
          throw location.damage("entry \(index + UInt64(entries.count) + 1) is missing.")
        }
        size += entry.data.count
        entries.append(entry)
      }
      return entries
    }
  }

  /// Moves what was written from the write-ahead log into the database when that has grown beyond 4 MiB. To be called now and then after writes.
  package func checkpointIfNeeded() throws(WarrenError) {
    guard state.withLockedValue({ $0.unchecked > Self.checkpointSize }) else { return }
    do {
      try location.translating { try queue.inDatabase { _ = try $0.checkpoint(.passive) } }
      state.withLockedValue { $0.unchecked = 0 }
    } catch  where error.code == .resourceExhausted {
      // The write-ahead log still has everything; it only goes on growing until there is space.
      logger.warning("log.checkpoint.postponed", metadata: ["reason": "\(error)"])
    }
  }

  private static let checkpointSize = 4 << 20

  /// GRDB's own `read` takes the process down after `close`, and the next chunk of a snapshot may be asked for until the process ends.
  func read<Result>(_ body: (Database) throws -> Result) throws(WarrenError) -> Result {
    try location.translating {
      try queue.inDatabase { database in
        guard database.sqliteConnection != nil else { throw WarrenError(.cancelled, "The log in \(location.directory) is closed.") }
        return try body(database)
      }
    }
  }

  /// Lets another process open the directory. Whatever is called after it throws.
  package func close() throws(WarrenError) {
    try location.translating { try queue.close() }
    lock.release()
  }
}
