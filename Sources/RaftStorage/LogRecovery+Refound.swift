import ClusterModel
import GRDB
import Glibc
package import Raft

/// What a log begins with whose member is the first of a new group: a state that everything before has gone into.
package struct LogBeginning: Sendable {
  package var identity: LogIdentity
  package var state: [UInt8]
  /// The last entry in the state; entries go on after it.
  package var index: LogIndex
  /// Terms go on after it.
  package var term: Term

  package init(identity: LogIdentity, state: [UInt8], index: LogIndex, term: Term) {
    self.identity = identity
    self.state = state
    self.index = index
    self.term = term
  }

  /// Makes a database of it, whole and synced, in the place where unfinished ones are.
  func build(_ location: LogLocation) throws(WarrenError) {
    let info = LogSnapshotInfo(index: index, term: term, configuration: identity.alone, size: state.count)
    try location.translating {
      try FileSystem.removeDirectory(location.unfinished)
      try LogSchema.build(in: location.unfinished, identity: identity, snapshot: info) { database in
        for number in 0..<info.chunks { try info.insertChunk(number, Array(state[info.range(ofChunk: number)]), into: database) }
        try HardState(term: term, vote: .none, commit: index).insert(into: database)
      }
    }
  }
}

extension LogDatabase {
  /// Puts a log there that begins so, where there is none. A crash meanwhile leaves either none or a whole one.
  /// - Throws: `.alreadyExists` when there is one; `.resourceExhausted` when the disk is full.
  package static func found(_ beginning: LogBeginning, dataDirectory: String) throws {
    let location = LogLocation(dataDirectory: dataDirectory)
    let lock = try DirectoryLock(path: location.lock, dataDirectory: dataDirectory)
    defer { lock.release() }
    if exists(dataDirectory: dataDirectory) { throw WarrenError(.alreadyExists, "\(location.directory) already holds a cluster's log") }
    try beginning.build(location)
    try FileSystem.rename(location.unfinished, to: location.directory)
    try FileSystem.sync(dataDirectory)
  }
}

extension LogDatabase {
  /// Keeps a log aside that counts no more: there is none afterwards. Nothing is done when there is none.
  /// - Throws: `.failedPrecondition` while it is in use.
  package static func giveUp(dataDirectory: String) throws {
    let location = LogLocation(dataDirectory: dataDirectory)
    guard FileSystem.exists(location.directory) else { return }
    let lock = try DirectoryLock(path: location.lock, dataDirectory: dataDirectory)
    defer { lock.release() }
    var number = 1
    while FileSystem.exists("\(location.directory).given-up-\(number)") { number += 1 }
    try FileSystem.rename(location.directory, to: "\(location.directory).given-up-\(number)")
    try FileSystem.sync(dataDirectory)
  }
}

extension LogRecovery {
  /// What a log holds, as far as it is intact.
  package struct Content: Sendable {
    package var report: Report
    package var snapshot: (index: LogIndex, data: [UInt8])?
    /// All that follow the snapshot; whether the last of them were ever committed nobody can tell.
    package var entries: [Entry]
    package var term: Term
  }

  /// Reads it, without changing anything.
  /// - Throws: as `inspect`.
  package func read() throws -> Content {
    let lock = try DirectoryLock(path: location.lock, dataDirectory: location.dataDirectory)
    defer { lock.release() }
    return try content()
  }

  /// For the last of several managers: a log that begins with what `beginning` makes of the old one takes its place. The old one is kept aside.
  /// After a crash meanwhile the log is still refused, or still the old one, and this can be run again.
  /// - Returns: where the old files are now.
  /// - Throws: `.failedPrecondition` while a warren has it open; `.dataLoss` when not even its beginning can be read.
  package func refound(_ beginning: (Content) throws -> LogBeginning) throws -> String {
    let lock = try DirectoryLock(path: location.lock, dataDirectory: location.dataDirectory)
    defer { lock.release() }
    let new = try beginning(try content())
    try new.build(location)
    return try replace()
  }

  private func content() throws -> Content {
    let (report, snapshot, entries, hardState) = try salvage()
    let data = snapshot.info.index == 0 ? nil : (index: snapshot.info.index, data: snapshot.chunks.flatMap { $0 })
    return Content(report: report, snapshot: data, entries: entries, term: max(hardState.term, entries.last?.term ?? snapshot.info.term))
  }
}
