import ClusterModel
import GRDB
import Raft
import Testing

@testable import RaftStorage

/// What a log in a cluster meets beyond one that only grows.
struct LogReplacementTests {
  private func entry(_ index: LogIndex, term: Term) -> Entry { Entry(term: term, index: index, data: [UInt8(term), UInt8(index)]) }

  @Test func entriesTakeThePlaceOfOthersAndOfWhatFollowedThem() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append((1...6).map { entry($0, term: 1) })
    // Two appends in one transaction, as when a second leader comes while the disk is busy.
    try log.write([LogWrite(entries: [entry(4, term: 2), entry(5, term: 2)]), LogWrite(entries: [entry(5, term: 3)])])
    let expected = (1...3).map { entry($0, term: 1) } + [entry(4, term: 2), entry(5, term: 3)]
    #expect(try log.everything() == expected)
    #expect(log.lastIndex == 5)
    try log.close()
    #expect(try scratch.open().everything() == expected)
  }

  /// The mark says that six entries were acknowledged; that they were given up must be known even if only the database survived.
  @Test func aLogThatBecameShorterIsNotTakenForDamaged() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append((1...6).map { entry($0, term: 1) })
    try log.append([entry(3, term: 2)])
    let mark = try #require(try AcknowledgedMark(path: scratch.location.mark, of: FileSystem.identity(of: scratch.location.database)).index)
    #expect(mark == 3)
    try log.close()
    #expect(try scratch.open().lastIndex == 3)
  }

  @Test func whatWasCommittedIsNeverReplaced() throws {
    let log = try ScratchLog().create()
    try log.write([LogWrite(hardState: HardState(term: 1, vote: 7, commit: 4), entries: (1...6).map { entry($0, term: 1) })])
    let error = #expect(throws: WarrenError.self) { try log.append([entry(4, term: 2)]) }
    #expect(error?.code == .internalError)
    #expect(try log.everything().count == 6)
  }

  @Test func keepsTermAndVote() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    #expect(log.hardState.isEmpty)
    try log.write([LogWrite(hardState: HardState(term: 3, vote: 9)), LogWrite(hardState: HardState(term: 4, vote: 2))])
    try log.close()
    let again = try scratch.open()
    #expect(again.hardState == HardState(term: 4, vote: 2))
    try again.queue.write { try $0.execute(sql: "UPDATE hard_state SET vote = 3") }
    try again.close()
    let error = #expect(throws: WarrenError.self) { try scratch.open() }
    #expect(error?.code == .dataLoss)
    #expect(error?.message.contains("vote") == true)
  }

  @Test func aLogShorterThanItsCommitIndexIsDamaged() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.write([LogWrite(hardState: HardState(term: 1, vote: 7, commit: 5), entries: (1...6).map { entry($0, term: 1) })])
    try log.queue.write { try $0.execute(sql: "DELETE FROM entries WHERE \"index\" > 4") }
    try log.close()
    try FileSystem.write([], to: scratch.location.mark)
    let error = #expect(throws: WarrenError.self) { try scratch.open() }
    #expect(error?.code == .dataLoss)
    #expect(try LogRecovery(dataDirectory: scratch.directory).inspect().lastKnownIndex == 5)
  }

  @Test func aSnapshotFromTheLeaderReplacesTheLog() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append((1...6).map { entry($0, term: 1) })
    let configuration = ConfigurationState(voters: [7, 8, 9], votersOutgoing: [7], learners: [11], learnersNext: [], autoLeave: true)
    let info = LogSnapshotInfo(index: 4, term: 3, configuration: configuration, size: 3)
    try log.writeSnapshotChunk(0, [1, 2, 3], of: info)
    try log.installSnapshot(info, hardState: HardState(term: 3, vote: 0, commit: 4))
    #expect(log.lastIndex == 4)
    try log.append([entry(5, term: 3)])
    try log.close()
    let again = try scratch.open()
    #expect(again.snapshot == info)
    #expect(try again.readSnapshot()?.data == [1, 2, 3])
    #expect(try again.everything() == [entry(5, term: 3)])
    #expect(again.hardState == HardState(term: 3, vote: 0, commit: 4))
  }

  /// As the version before replication wrote it: no terms, no members, everything in it committed.
  @Test(arguments: [false, true]) func takesOverALogOfTheFirstFormat(withSnapshot: Bool) throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append(entries(1...20))
    if withSnapshot { try log.save(snapshot: [1, 2, 3], index: 10) }
    try log.queue.write { database in
      try database.execute(sql: "ALTER TABLE snapshot DROP COLUMN configuration; DROP TABLE hard_state")
      if withSnapshot {
        let checksum = LogSnapshotInfo.firstFormatChecksum(index: 10, size: 3)
        try database.execute(sql: "UPDATE snapshot SET checksum = ?", arguments: [Int64(checksum)])
      } else {
        try database.execute(sql: "DELETE FROM snapshot")
      }
      let checksum = scratch.identity.checksum(format: 1)
      try database.execute(sql: "UPDATE metadata SET format = 1, checksum = ?", arguments: [Int64(checksum)])
    }
    try log.close()

    #expect(try LogRecovery(dataDirectory: scratch.directory).inspect().damage == nil)
    for _ in 0..<2 {
      let upgraded = try scratch.open()
      #expect(upgraded.hardState == HardState(term: 1, vote: 7, commit: 20))
      #expect(upgraded.snapshot.configuration == founders)
      #expect(try upgraded.everything() == (withSnapshot ? entries(11...20) : entries(1...20)))
      #expect(try upgraded.readSnapshot()?.data == (withSnapshot ? [1, 2, 3] : nil))
      try upgraded.close()
    }
  }

  @Test func configurationsSurviveTheirBytes() {
    let states = [
      ConfigurationState(), founders,
      ConfigurationState(voters: [1, 2, 300], votersOutgoing: [1, 2], learners: [4], learnersNext: [2], autoLeave: true),
    ]
    for state in states {
      #expect(ConfigurationState(bytes: state.bytes) == state)
      for length in 0..<state.bytes.count { #expect(ConfigurationState(bytes: Array(state.bytes.prefix(length))) == nil) }
    }
  }
}
