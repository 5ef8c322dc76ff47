import FoundationEssentials
import GRDB
import Raft

extension Entry {
  /// Of everything in the entry, so that a row that took another's place is noticed too.
  var checksum: UInt32 {
    var checksum = CRC32C()
    checksum.update(index)
    checksum.update(term)
    checksum.update(UInt64(kind.rawValue))
    checksum.update(data)
    return checksum.value
  }

  init(_ row: Row, _ location: LogLocation) throws {
    // Other types than those written are damage too, not a reason to trap.
    guard let index = (row[0] as Int64?).flatMap(UInt64.init(exactly:)), let term = row[1] as Int64?,
      let kindNumber = (row[2] as Int64?).flatMap(UInt8.init(exactly:)), let data = row[3] as Data?, let checksum = row[4] as Int64?
    else { throw location.damage("an entry cannot be read.") }
    guard let kind = Kind(rawValue: kindNumber) else { throw location.damage("entry \(index) is of an unknown kind, \(kindNumber).") }
    self.init(term: UInt64(bitPattern: term), index: index, kind: kind, data: [UInt8](data))
    guard Int64(self.checksum) == checksum else { throw location.damage("entry \(index) fails its checksum.") }
  }

  func insert(into database: Database) throws {
    let statement = try database.cachedStatement(sql: "INSERT INTO entries VALUES (?, ?, ?, ?, ?)")
    try statement.execute(arguments: [Int64(index), Int64(bitPattern: term), Int64(kind.rawValue), Data(data), Int64(checksum)])
  }
}
