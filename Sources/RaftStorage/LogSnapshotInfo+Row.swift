import FoundationEssentials
import GRDB
import Raft

extension LogSnapshotInfo {
  var checksum: UInt32 {
    var checksum = CRC32C()
    for number in [index, term, UInt64(size), UInt64(chunks)] { checksum.update(number) }
    checksum.update(configuration.bytes)
    return checksum.value
  }

  /// Of the first format, which knew neither terms nor members.
  static func firstFormatChecksum(index: LogIndex, size: Int) -> UInt32 {
    var checksum = CRC32C()
    for number in [index, 1, UInt64(size), UInt64((size + chunkSize - 1) / chunkSize)] { checksum.update(number) }
    return checksum.value
  }

  static func read(_ database: Database, _ location: LogLocation, table: String = "snapshot") throws -> LogSnapshotInfo {
    let row = try Row.fetchOne(database, sql: #"SELECT "index", term, size, chunks, checksum, configuration FROM \#(table)"#)
    guard let row, let index = row[0] as Int64?, let term = row[1] as Int64?, let size = row[2] as Int64?, size >= 0,
      let configuration = (row[5] as Data?).flatMap({ ConfigurationState(bytes: [UInt8]($0)) })
    else { throw location.damage("the line about the snapshot cannot be read.") }
    let info = LogSnapshotInfo(
      index: UInt64(bitPattern: index), term: UInt64(bitPattern: term), configuration: configuration, size: Int(size))
    guard row[3] as Int64? == Int64(info.chunks), row[4] as Int64? == Int64(info.checksum) else {
      throw location.damage("the line about the snapshot fails its checksum.")
    }
    return info
  }

  /// Removes what an interrupted save left behind. Writes nothing when there is nothing.
  static func dropStrayChunks(_ database: Database, keeping info: LogSnapshotInfo, and incoming: LogSnapshotInfo?) throws {
    let kept = Int64(bitPattern: info.index)
    let awaited = Int64(bitPattern: incoming?.index ?? info.index)
    let strays = try Int64.fetchAll(
      database, sql: "SELECT DISTINCT snapshot FROM snapshot_chunks WHERE snapshot NOT IN (?, ?)", arguments: [kept, awaited])
    for stray in strays { try database.execute(sql: "DELETE FROM snapshot_chunks WHERE snapshot = ?", arguments: [stray]) }
  }

  static func checksum(index: UInt64, number: Int, data: [UInt8]) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(index)
    checksum.update(UInt64(number))
    checksum.update(data)
    return checksum.value
  }

  func readChunk(_ number: Int, _ database: Database, _ location: LogLocation) throws -> [UInt8] {
    let row = try Row.fetchOne(
      database, sql: "SELECT data, checksum FROM snapshot_chunks WHERE snapshot = ? AND number = ?", arguments: [Int64(index), Int64(number)])
    guard let row else { throw location.damage("part \(number) of the snapshot at entry \(index) is missing.") }
    guard let data = row[0] as Data?, let checksum = row[1] as Int64?,
      Int64(Self.checksum(index: index, number: number, data: [UInt8](data))) == checksum
    else { throw location.damage("part \(number) of the snapshot at entry \(index) fails its checksum.") }
    return [UInt8](data)
  }

  func insertChunk(_ number: Int, _ data: [UInt8], into database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO snapshot_chunks VALUES (?, ?, ?, ?)",
      arguments: [Int64(index), Int64(number), Data(data), Int64(Self.checksum(index: index, number: number, data: data))])
  }

  func insert(into database: Database, table: String = "snapshot") throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO \(table) VALUES (1, ?, ?, ?, ?, ?, ?)",
      arguments: [Int64(index), Int64(bitPattern: term), Int64(size), Int64(chunks), Int64(checksum), Data(configuration.bytes)])
  }
}
