import GRDB
import Raft

extension HardState {
  var checksum: UInt32 {
    var checksum = CRC32C()
    for number in [term, vote.rawValue, commit] { checksum.update(number) }
    return checksum.value
  }

  /// Empty when none was written yet.
  static func read(_ database: Database, _ location: LogLocation) throws -> HardState {
    guard let row = try Row.fetchOne(database, sql: "SELECT term, vote, commit_index, checksum FROM hard_state") else { return HardState() }
    guard let term = row[0] as Int64?, let vote = row[1] as Int64?, let commit = row[2] as Int64?, let checksum = row[3] as Int64? else {
      throw location.damage("the line about term and vote cannot be read.")
    }
    let state = HardState(
      term: UInt64(bitPattern: term), vote: MemberID(rawValue: UInt64(bitPattern: vote)), commit: UInt64(bitPattern: commit))
    guard Int64(state.checksum) == checksum else { throw location.damage("the line about term and vote fails its checksum.") }
    return state
  }

  func insert(into database: Database) throws {
    let statement = try database.cachedStatement(sql: "INSERT OR REPLACE INTO hard_state VALUES (1, ?, ?, ?, ?)")
    try statement.execute(arguments: [
      Int64(bitPattern: term), Int64(bitPattern: vote.rawValue), Int64(bitPattern: commit), Int64(checksum),
    ])
  }
}
