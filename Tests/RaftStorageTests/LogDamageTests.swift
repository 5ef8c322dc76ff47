import ClusterModel
import Foundation
import GRDB
import Raft
import Testing

@testable import RaftStorage

struct LogDamageTests {
  /// A log with a snapshot and entries, part of it in the database and part in the write-ahead log.
  private func original() throws -> (ScratchLog, LogDatabase) {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append(entries(1...30, size: 500))
    try log.save(snapshot: (0..<9000).map { UInt8(truncatingIfNeeded: $0 * 7) }, index: 20)
    _ = try log.queue.inDatabase { try $0.checkpoint(.truncate) }
    for index in UInt64(31)...50 { try log.append(entries(index...index, size: 500)) }
    return (scratch, log)
  }

  private func readAll(_ scratch: ScratchLog) throws -> (snapshot: [UInt8]?, entries: [Entry]) {
    let log = try scratch.open()
    defer { try? log.close() }
    return (try log.readSnapshot()?.data, try log.everything())
  }

  private func expectDamage(_ scratch: ScratchLog, _ words: String) {
    let error = #expect(throws: WarrenError.self) { try readAll(scratch) }
    #expect(error?.code == .dataLoss)
    #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    #expect(error?.message.contains("warren cluster recover --data-dir \(scratch.directory)") == true)
  }

  /// Every flipped bit is either noticed or changes nothing that is read.
  @Test(arguments: 1...8) func flippedBits(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (scratch, log) = try original()
    let expected = (try log.readSnapshot()?.data, try log.everything())
    var noticed = 0
    for _ in 0..<25 {
      let image = try scratch.crashImage(mark: 50)
      let file = Bool.random(using: &generator) ? image.location.database : image.location.writeAheadLog
      try image.patch(file) { bytes in bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
      do {
        let found = try readAll(image)
        #expect(found.snapshot == expected.0)
        #expect(found.entries == expected.1)
      } catch let error as WarrenError {
        noticed += 1
        #expect([.dataLoss, .failedPrecondition].contains(error.code), "\(error)")
      }
    }
    #expect(noticed > 5)
  }

  /// Without the mark (a copy has none) the write-ahead log itself shows that its middle is damaged.
  @Test func flippedBitInTheMiddleOfACopiedWriteAheadLog() throws {
    let (scratch, log) = try original()
    defer { withExtendedLifetime(log) {} }
    let image = try scratch.crashImage(mark: nil)
    try image.patch(image.location.writeAheadLog) { $0[$0.count / 2] ^= 4 }
    expectDamage(image, "bad bytes")
  }

  @Test func tornLastTransactionIsNoDamage() throws {
    let (scratch, log) = try original()
    defer { withExtendedLifetime(log) {} }
    let image = try scratch.crashImage(mark: 49)
    try image.patch(image.location.writeAheadLog) { $0.removeLast(100) }
    #expect(try readAll(image).entries == entries(21...49, size: 500))
  }

  @Test(arguments: 1...3) func truncatedFiles(quarters: Int) throws {
    let (scratch, log) = try original()
    defer { withExtendedLifetime(log) {} }
    let shortLog = try scratch.crashImage(mark: 50)
    try shortLog.patch(shortLog.location.writeAheadLog) { $0.removeLast($0.count * quarters / 4) }
    expectDamage(shortLog, "entry 50 was acknowledged")

    let shortDatabase = try scratch.crashImage(mark: 50)
    try shortDatabase.patch(shortDatabase.location.database) { $0.removeLast($0.count * quarters / 4) }
    expectDamage(shortDatabase, "damaged")
  }

  @Test func missingFiles() throws {
    let (scratch, log) = try original()
    defer { withExtendedLifetime(log) {} }
    let withoutDatabase = try scratch.crashImage(mark: 50)
    try FileManager.default.removeItem(atPath: withoutDatabase.location.database)
    expectDamage(withoutDatabase, "is missing")

    let withoutLog = try scratch.crashImage(mark: 50)
    try FileManager.default.removeItem(atPath: withoutLog.location.writeAheadLog)
    expectDamage(withoutLog, "entry 50 was acknowledged")
  }

  /// A mark that came along with a copy says nothing: the files may have been copied one after the other.
  @Test func markOfAnotherFileDoesNotCount() throws {
    let (scratch, log) = try original()
    let image = try scratch.crashImage(mark: nil)
    try AcknowledgedMark(path: image.location.mark, of: FileSystem.identity(of: scratch.location.database)).record(60)
    #expect(try readAll(image).entries == log.everything())
  }

  /// A copy that the file system gave the number of the file that was removed.
  @Test func markOfAFileThatHadTheSameNumberDoesNotCount() throws {
    let scratch = ScratchLog()
    try scratch.create().close()
    let own = try FileSystem.identity(of: scratch.location.database)
    #expect(own.birth > 0, "this file system keeps when files were made")
    let former = FileIdentity(inode: own.inode, birth: own.birth - 1)
    try AcknowledgedMark(path: scratch.location.mark, of: former).record(3)
    #expect(try AcknowledgedMark(path: scratch.location.mark, of: own).index == nil)
    try AcknowledgedMark(path: scratch.location.mark, of: own).record(3)
    #expect(try AcknowledgedMark(path: scratch.location.mark, of: own).index == 3)
    #expect(try AcknowledgedMark(path: scratch.location.mark, of: former).index == nil)
  }

  /// Written before marks said when the file was made; those of clusters that are upgraded have to count.
  @Test func markOfAnEarlierVersionCounts() throws {
    let (scratch, log) = try original()
    let lost = log.lastIndex + 1
    try log.close()
    let own = try FileSystem.identity(of: scratch.location.database)
    var checksum = CRC32C()
    for number in [own.inode, lost] { checksum.update(number) }
    let mark =
      [Array("warrenm1".utf8)]
      + [own.inode, lost, UInt64(checksum.value)].map { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
    try FileSystem.write(mark.flatMap { $0 }, to: scratch.location.mark)
    expectDamage(scratch, "entry \(lost) was acknowledged")
  }

  @Test func changedRows() throws {
    for (sql, words) in [
      ("UPDATE entries SET data = x'00' WHERE \"index\" = 33", "entry 33 fails its checksum"),
      ("UPDATE entries SET term = 9 WHERE \"index\" = 21", "entry 21 fails its checksum"),
      ("UPDATE entries SET checksum = 'x' WHERE \"index\" = 22", "entry 22 fails its checksum"),
      ("UPDATE entries SET kind = 77 WHERE \"index\" = 40", "unknown kind"),
      ("DELETE FROM entries WHERE \"index\" = 33", "entries are missing"),
      ("DELETE FROM entries WHERE \"index\" = 21", "entries are missing"),
      ("DELETE FROM entries WHERE \"index\" > 45", "entry 50 was acknowledged"),
      ("DELETE FROM snapshot", "the line about the snapshot"),
      ("UPDATE snapshot SET size = 12", "fails its checksum"),
      ("UPDATE snapshot_chunks SET data = x'00'", "part 0 of the snapshot"),
      ("DELETE FROM snapshot_chunks", "part 0 of the snapshot"),
      ("UPDATE metadata SET cluster_id = 'other'", "fails its checksum"),
      ("DELETE FROM metadata", "whose log it is"),
      ("DROP TABLE entries", "SQLite cannot read it"),
    ] {
      let (scratch, log) = try original()
      try log.queue.write { try $0.execute(sql: sql) }
      try log.close()
      expectDamage(scratch, words)
    }
  }

  @Test func unknownFormatIsRefused() throws {
    let (scratch, log) = try original()
    try log.queue.write {
      try $0.execute(sql: "UPDATE metadata SET format = 3, checksum = ?", arguments: [Int64(scratch.identity.checksum(format: 3))])
    }
    try log.close()
    let error = #expect(throws: WarrenError.self) { try scratch.open() }
    #expect(error?.code == .dataLoss)
    #expect(error?.message.contains("format 3") == true)
  }

  @Test func garbageInsteadOfADatabase() throws {
    let scratch = ScratchLog()
    try FileSystem.makeDirectories(scratch.location.directory)
    try FileSystem.write(
      Array("not a database at all, but long enough to be taken for one, says the header check of SQLite".utf8), to: scratch.location.database)
    expectDamage(scratch, "SQLite cannot read it")
  }
}
