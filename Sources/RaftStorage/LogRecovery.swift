import ClusterModel
import GRDB
import Raft

/// What `warren cluster recover` does with a damaged log: goes on with the part before the damage and keeps the damaged files aside.
package struct LogRecovery: Sendable {
  package struct Report: Sendable, Equatable {
    package var identity: LogIdentity
    /// The last entry in the intact snapshot; 0 without one.
    package var snapshotIndex: UInt64
    /// The log can be continued after this entry; what follows it is lost.
    package var lastIntactIndex: UInt64
    /// The highest index known to have been acknowledged.
    package var lastKnownIndex: UInt64
    /// Other members count on this log: it cannot be recovered in part.
    package var isAmongOthers: Bool
    /// What is wrong, for people; nil when nothing is.
    package var damage: String?
    /// Where the damaged files are now; nil before `recover`.
    package var keptAside: String?

    package var lostEntries: UInt64 { lastKnownIndex - lastIntactIndex }
  }

  let location: LogLocation

  package init(dataDirectory: String) { location = LogLocation(dataDirectory: dataDirectory) }

  /// Looks, without changing anything.
  /// - Throws: `.failedPrecondition` while a warren has the log open; `.dataLoss` when not even the beginning can be read.
  package func inspect() throws -> Report {
    let lock = try DirectoryLock(path: location.lock, dataDirectory: location.dataDirectory)
    defer { lock.release() }
    return try salvage().report
  }

  /// Puts a new log with the intact entries in the damaged one's place. After a crash meanwhile the log is still refused, and this can be run again.
  /// - Throws: `.failedPrecondition` for one of several managers, which has to `rejoin`.
  package func recover() throws -> Report {
    let lock = try DirectoryLock(path: location.lock, dataDirectory: location.dataDirectory)
    defer { lock.release() }
    var (report, snapshot, entries, hardState) = try salvage()
    if report.isAmongOthers {
      throw WarrenError(.failedPrecondition, "The log in \(location.directory) is not recovered in part. \(location.adviceAmongOthers)")
    }
    try FileSystem.removeDirectory(location.unfinished)
    try location.translating {
      try LogSchema.build(in: location.unfinished, identity: report.identity, snapshot: snapshot.info) { database in
        for (number, chunk) in snapshot.chunks.enumerated() { try snapshot.info.insertChunk(number, chunk, into: database) }
        for entry in entries { try entry.insert(into: database) }
        // The vote stands; what is lost is no longer committed.
        hardState.commit = min(hardState.commit, report.lastIntactIndex)
        if !hardState.isEmpty { try hardState.insert(into: database) }
      }
    }
    report.keptAside = try replace()
    return report
  }

  /// Puts the new log in the place of the old one. Returns where that is kept.
  func replace() throws -> String {
    let aside = location.setAside(location.setAsideCount + 1)
    try FileSystem.rename(location.directory, to: aside)
    try FileSystem.rename(location.unfinished, to: location.directory)
    try FileSystem.sync(location.dataDirectory)
    return aside
  }

  /// After a crash in the middle of `replace`.
  func undoInterrupted() throws {
    if location.recoveryWasInterrupted { try FileSystem.rename(location.setAside(location.setAsideCount), to: location.directory) }
  }

  typealias Salvage = (report: Report, snapshot: (info: LogSnapshotInfo, chunks: [[UInt8]]), entries: [Entry], hardState: HardState)

  func salvage() throws -> Salvage {
    try undoInterrupted()
    guard FileSystem.exists(location.database) else { throw hopeless("\(location.database) is missing", nil) }
    return try readCopy(salvage)
  }

  /// Works on a copy: opening a database may change it.
  func readCopy<Result>(_ read: (Database) throws -> Result) throws -> Result {
    let copy = location.dataDirectory + "/raft.inspected"
    try FileSystem.removeDirectory(copy)
    defer { try? FileSystem.removeDirectory(copy) }
    try FileSystem.makePrivateDirectory(copy)
    for path in [location.database, location.writeAheadLog] where FileSystem.exists(path) {
      try FileSystem.write(FileSystem.read(path), to: copy + path.dropFirst(location.directory.count))
    }
    do {
      let queue = try LogSchema.connect(to: copy + "/log.sqlite")
      defer { try? queue.close() }
      try queue.writeWithoutTransaction { try LogSchema.upgrade($0, location) }
      return try queue.read(read)
    } catch let error as DatabaseError {
      throw hopeless("SQLite cannot read it", error)
    }
  }

  private func salvage(_ database: Database) throws -> Salvage {
    let identity = try LogSchema.readIdentity(database, location)
    let snapshot: (info: LogSnapshotInfo, chunks: [[UInt8]])
    do {
      let info = try LogSnapshotInfo.read(database, location)
      snapshot = (info, try (0..<info.chunks).map { try info.readChunk($0, database, location) })
    } catch { throw hopeless("the snapshot, on which all later entries build, is damaged", error) }
    let hardState: HardState
    do { hardState = try HardState.read(database, location) } catch { throw hopeless("whom this member voted for is not known", error) }
    var entries: [Entry] = []
    var last = snapshot.info.index
    var damage: String?
    do {
      while let row = try Row.fetchOne(
        database, sql: #"SELECT "index", term, kind, data, checksum FROM entries WHERE "index" = ?"#, arguments: [Int64(last + 1)])
      {
        entries.append(try Entry(row, location))
        last += 1
      }
    } catch { damage = "entry \(last + 1) cannot be read (\((error as? DatabaseError).map { "\($0.resultCode)" } ?? "its checksum is wrong"))" }
    let stored = (try? Int64.fetchOne(database, sql: #"SELECT max("index") FROM entries"#)).flatMap { UInt64(exactly: $0) } ?? 0
    let mark = try AcknowledgedMark(path: location.mark, of: FileSystem.identity(of: location.database)).index ?? 0
    let known = max(last, stored, mark, hardState.commit)
    if damage == nil, known > last { damage = stored > last ? "entry \(last + 1) is missing" : "the log ends at entry \(last)" }
    if damage == nil, (try? WriteAheadLogScan.verify(location)) == nil { damage = "the newest entries cannot be read" }
    let isAmongOthers = snapshot.info.configuration != identity.alone || entries.contains { $0.kind != .command }
    let report = Report(
      identity: identity, snapshotIndex: snapshot.info.index, lastIntactIndex: last, lastKnownIndex: known, isAmongOthers: isAmongOthers,
      damage: damage)
    return (report, snapshot, entries, hardState)
  }

  private func hopeless(_ what: String, _ cause: (any Error)?) -> WarrenError {
    WarrenError(
      .dataLoss,
      "The cluster's log in \(location.directory) cannot be recovered: \(what). Put back a copy of \(location.directory), or move \(location.dataDirectory) "
        + "away and restore a backup there: warren cluster restore FILE --data-dir \(location.dataDirectory)",
      cause: cause)
  }
}
