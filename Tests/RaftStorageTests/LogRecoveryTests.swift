import ClusterModel
import Foundation
import GRDB
import Raft
import Testing

@testable import RaftStorage

struct LogRecoveryTests {
  private func damaged(_ sql: String) throws -> ScratchLog {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append(entries(1...30))
    try log.save(snapshot: [1, 2, 3], index: 10)
    try log.queue.write { try $0.execute(sql: sql) }
    try log.close()
    return scratch
  }

  @Test func goesOnAfterTheLastIntactEntry() throws {
    let scratch = try damaged("UPDATE entries SET data = x'00' WHERE \"index\" = 25")
    let recovery = LogRecovery(dataDirectory: scratch.directory)
    let report = try recovery.inspect()
    #expect(report.identity == scratch.identity)
    #expect((report.snapshotIndex, report.lastIntactIndex, report.lastKnownIndex, report.lostEntries) == (10, 24, 30, 6))
    #expect(report.damage?.contains("entry 25") == true)
    // Looking changes nothing.
    #expect(throws: WarrenError.self) { try scratch.open().everything() }

    let done = try recovery.recover()
    let aside = try #require(done.keptAside)
    #expect(FileManager.default.fileExists(atPath: aside + "/log.sqlite"))
    let log = try scratch.open()
    #expect(try log.readSnapshot()?.data == [1, 2, 3])
    #expect(try log.everything() == entries(11...24))
    try log.append(entries(25...26))
    try log.close()
    #expect(try recovery.inspect().damage == nil)
  }

  @Test func aMissingEntryAndAMissingEnd() throws {
    let gapped = try damaged("DELETE FROM entries WHERE \"index\" = 12")
    let gap = try LogRecovery(dataDirectory: gapped.directory).inspect()
    #expect((gap.lastIntactIndex, gap.lastKnownIndex) == (11, 30))
    let cut = try damaged("DELETE FROM entries WHERE \"index\" > 12")
    let short = try LogRecovery(dataDirectory: cut.directory).inspect()
    #expect((short.lastIntactIndex, short.lastKnownIndex) == (12, 30))
    #expect(short.damage?.contains("ends at entry 12") == true)
  }

  @Test func saysWhenNothingCanBeDone() throws {
    for sql in ["UPDATE snapshot_chunks SET data = x'00'", "DELETE FROM metadata", "DROP TABLE snapshot"] {
      let scratch = try damaged(sql)
      let error = #expect(throws: WarrenError.self) { try LogRecovery(dataDirectory: scratch.directory).recover() }
      #expect(error?.code == .dataLoss)
      #expect(FileManager.default.fileExists(atPath: scratch.location.database))
    }
  }

  @Test func interruptedRecoveryIsNotTakenForAnEmptyDirectory() throws {
    let scratch = try damaged("UPDATE entries SET data = x'00' WHERE \"index\" = 25")
    try LogSchema.build(
      in: scratch.location.unfinished, identity: scratch.identity, snapshot: LogSnapshotInfo(index: 0, term: 0, configuration: founders, size: 0)
    ) { _ in }
    try FileManager.default.moveItem(atPath: scratch.location.directory, toPath: scratch.location.setAside(1))
    #expect(LogDatabase.exists(dataDirectory: scratch.directory))
    #expect(#expect(throws: WarrenError.self) { try scratch.open() }?.message.contains("warren cluster recover") == true)
    _ = try LogRecovery(dataDirectory: scratch.directory).recover()
    #expect(try scratch.open().everything() == entries(11...24))
  }

  @Test func notWhileItIsInUse() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    defer { withExtendedLifetime(log) {} }
    #expect(#expect(throws: WarrenError.self) { try LogRecovery(dataDirectory: scratch.directory).inspect() }?.code == .failedPrecondition)
  }
}
