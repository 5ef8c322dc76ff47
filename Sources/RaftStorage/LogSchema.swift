import ClusterModel
import FoundationEssentials
import GRDB
import Raft

/// How the database is laid out and connected to.
enum LogSchema {
  /// Grows when an older warren could not read the database correctly any more.
  static let format: UInt64 = 2

  /// `automatic checkpoints` are off: they would swallow errors. `EXCLUSIVE` keeps the index of the write-ahead log in memory. What is written is
  /// read again after a start only, so few pages are kept (256 KiB).
  static func connect(to path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.label = "warren.log"
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256")
    }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.inDatabase { database in
      let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
      try database.execute(sql: "PRAGMA synchronous = FULL")
      let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
      guard mode == "wal", synchronous == 2 else {
        throw WarrenError(
          .failedPrecondition,
          "SQLite cannot keep \(path) durable (journal_mode \(mode ?? "?"), synchronous \(synchronous ?? -1)). Use another file system.")
      }
    }
    return queue
  }

  /// Makes a database in a new directory and closes it, whole and synced.
  static func build(in directory: String, identity: LogIdentity, snapshot: LogSnapshotInfo, fill: (Database) throws -> Void) throws {
    let location = directory + "/log.sqlite"
    try FileSystem.makePrivateDirectory(directory)
    try FileSystem.makePrivateFile(location)
    let queue = try connect(to: location)
    try queue.write { database in
      try database.execute(
        sql: """
          CREATE TABLE metadata (
            id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, cluster_id TEXT NOT NULL, node_id TEXT NOT NULL,
            member_id INTEGER NOT NULL, checksum INTEGER NOT NULL
          );
          CREATE TABLE entries (
            "index" INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind INTEGER NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL
          );
          CREATE TABLE snapshot (
            id INTEGER PRIMARY KEY CHECK (id = 1), "index" INTEGER NOT NULL, term INTEGER NOT NULL, size INTEGER NOT NULL,
            chunks INTEGER NOT NULL, checksum INTEGER NOT NULL, configuration BLOB NOT NULL
          );
          \(hardStateTable)
          CREATE TABLE snapshot_chunks (
            snapshot INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (snapshot, number)
          );
          """)
      try database.execute(
        sql: "INSERT INTO metadata VALUES (1, ?, ?, ?, ?, ?)",
        arguments: [
          Int64(format), identity.clusterID.rawValue, identity.nodeID.rawValue, Int64(bitPattern: identity.memberID),
          Int64(identity.checksum(format: format)),
        ])
      try snapshot.insert(into: database)
      try fill(database)
    }
    try queue.close()
    try FileSystem.sync(location)
    try FileSystem.sync(directory)
  }

  /// What is being received from the leader; made when something is.
  static let incomingTable = """
    CREATE TABLE IF NOT EXISTS incoming_snapshot (
      id INTEGER PRIMARY KEY CHECK (id = 1), "index" INTEGER NOT NULL, term INTEGER NOT NULL, size INTEGER NOT NULL,
      chunks INTEGER NOT NULL, checksum INTEGER NOT NULL, configuration BLOB NOT NULL
    )
    """

  private static let hardStateTable = """
    CREATE TABLE hard_state (
      id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, vote INTEGER NOT NULL, commit_index INTEGER NOT NULL, checksum INTEGER NOT NULL
    );
    """

  /// Brings a log of a manager that was alone, from before logs were replicated, to the present format: its only member has voted for
  /// itself in the first term, and everything in it is committed. In one transaction.
  static func upgrade(_ database: Database, _ location: LogLocation) throws {
    guard try UInt64.fetchOne(database, sql: "SELECT format FROM metadata") == 1 else { return }
    let identity = try readIdentity(database, location, format: 1)
    let member = MemberID(rawValue: identity.memberID)
    try database.inTransaction(.immediate) {
      let old = try Row.fetchOne(database, sql: #"SELECT "index", size, checksum FROM snapshot"#)
      var snapshot = LogSnapshotInfo(index: 0, term: 0, configuration: ConfigurationState(voters: [member]), size: 0)
      if let old {
        guard let index = (old[0] as Int64?).flatMap(UInt64.init(exactly:)), let size = old[1] as Int64?, size >= 0,
          old[2] as Int64? == Int64(LogSnapshotInfo.firstFormatChecksum(index: index, size: Int(size)))
        else { throw location.damage("the line about the snapshot fails its checksum.") }
        snapshot = LogSnapshotInfo(index: index, term: 1, configuration: snapshot.configuration, size: Int(size))
      }
      try database.execute(sql: "ALTER TABLE snapshot ADD COLUMN configuration BLOB NOT NULL DEFAULT x''; \(hardStateTable)")
      try snapshot.insert(into: database)
      let last = try Int64.fetchOne(database, sql: #"SELECT max("index") FROM entries"#).map { UInt64($0) } ?? snapshot.index
      if last > 0 { try HardState(term: 1, vote: member, commit: last).insert(into: database) }
      try database.execute(
        sql: "UPDATE metadata SET format = ?, checksum = ?", arguments: [Int64(format), Int64(identity.checksum(format: format))])
      return .commit
    }
  }

  static func readIdentity(_ database: Database, _ location: LogLocation, format wanted: UInt64 = format) throws -> LogIdentity {
    guard try database.tableExists("metadata"), let row = try Row.fetchOne(database, sql: "SELECT * FROM metadata") else {
      throw location.damage("\(location.database) does not say whose log it is.")
    }
    guard let stored = row["format"] as Int64?, let format = UInt64(exactly: stored), let clusterID = row["cluster_id"] as String?,
      let nodeID = row["node_id"] as String?, let memberID = row["member_id"] as Int64?
    else { throw location.damage("the line that says whose log it is cannot be read.") }
    let identity = LogIdentity(clusterID: ClusterID(clusterID), nodeID: NodeID(nodeID), memberID: UInt64(bitPattern: memberID))
    guard row["checksum"] as Int64? == Int64(identity.checksum(format: format)) else {
      throw location.damage("the line that says whose log it is fails its checksum.")
    }
    guard format == wanted else {
      throw WarrenError(
        .dataLoss,
        "\(location.database) has format \(format); this warren reads format \(Self.format). Nothing was changed. "
          + "Install the version of warren that wrote it (or a newer one) and run: warren start --data-dir \(location.dataDirectory)")
    }
    return identity
  }
}
