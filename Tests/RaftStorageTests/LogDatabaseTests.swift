import ClusterModel
import Foundation
import GRDB
import Raft
import Testing

@testable import RaftStorage

struct LogDatabaseTests {
  @Test func keepsEntriesAndIdentityAcrossRestarts() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append(entries(1...3))
    try log.append(entries(4...10))
    try log.close()

    let again = try scratch.open()
    #expect(again.identity == scratch.identity)
    #expect(again.lastIndex == 10)
    #expect(try again.everything() == entries(1...10))
    #expect(try again.readEntries(after: 4, byteLimit: 1) == entries(5...5))
    #expect(try again.readEntries(after: 10, byteLimit: 1) == [])
  }

  @Test func isDurableBySetting() throws {
    let log = try ScratchLog().create()
    let (mode, synchronous) = try log.queue.read {
      (try String.fetchOne($0, sql: "PRAGMA journal_mode"), try Int.fetchOne($0, sql: "PRAGMA synchronous"))
    }
    #expect(mode == "wal")
    #expect(synchronous == 2)
  }

  @Test func onlyItsOwnerCanReadIt() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append(entries(1...1))
    for name in try FileManager.default.contentsOfDirectory(atPath: scratch.location.directory) {
      let attributes = try FileManager.default.attributesOfItem(atPath: scratch.location.directory + "/" + name)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
    #expect(try FileManager.default.attributesOfItem(atPath: scratch.location.directory)[.posixPermissions] as? Int == 0o700)
  }

  @Test func refusesEntriesThatDoNotFollow() throws {
    let log = try ScratchLog().create()
    try log.append(entries(1...2))
    #expect(throws: WarrenError.self) { try log.append(entries(4...4)) }
    #expect(throws: WarrenError.self) { try log.append([entries(3...3)[0], entries(5...5)[0]]) }
    #expect(try log.everything() == entries(1...2))
  }

  @Test func opensOnce() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    let error = #expect(throws: WarrenError.self) { try scratch.open() }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
    try log.close()
    try scratch.open().close()
  }

  @Test func isMadeOnce() throws {
    let scratch = ScratchLog()
    #expect(!LogDatabase.exists(dataDirectory: scratch.directory))
    #expect(#expect(throws: WarrenError.self) { try scratch.open() }?.code == .notFound)
    try scratch.create().close()
    #expect(LogDatabase.exists(dataDirectory: scratch.directory))
    #expect(#expect(throws: WarrenError.self) { try scratch.create() }?.code == .alreadyExists)
  }

  @Test func interruptedCreationLeavesNothingInTheWay() throws {
    let scratch = ScratchLog()
    try FileSystem.makeDirectories(scratch.directory)
    try LogSchema.build(
      in: scratch.location.unfinished, identity: LogIdentity(clusterID: "other", nodeID: "other"),
      snapshot: LogSnapshotInfo(index: 0, term: 0, configuration: founders, size: 0)
    ) { _ in }
    #expect(!LogDatabase.exists(dataDirectory: scratch.directory))
    #expect(try scratch.create().identity == scratch.identity)
  }

  @Test func snapshotReplacesTheEntriesInIt() throws {
    var generator = SeededGenerator(seed: 1)
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append(entries(1...20))
    let first = [UInt8].random(LogSnapshotInfo.chunkSize * 2 + 5, using: &generator)
    try log.save(snapshot: first, index: 15)
    #expect(try log.everything() == entries(16...20))
    let second = [UInt8].random(10, using: &generator)
    try log.save(snapshot: second, index: 20)
    try log.close()

    let again = try scratch.open()
    #expect(again.lastIndex == 20)
    #expect(try again.readSnapshot()?.data == second)
    #expect(try again.everything() == [])
    try again.append(entries(21...22))
    #expect(try again.everything() == entries(21...22))
    #expect(try again.queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM snapshot_chunks") } == 1)
  }

  @Test func interruptedSnapshotIsForgotten() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append(entries(1...20))
    try log.save(snapshot: [1, 2, 3], index: 10)
    let info = LogSnapshotInfo(index: 20, term: 1, configuration: founders, size: LogSnapshotInfo.chunkSize * 2)
    try log.writeSnapshotChunk(0, [UInt8](repeating: 1, count: LogSnapshotInfo.chunkSize), of: info)
    try log.close()

    let again = try scratch.open()
    #expect(try again.readSnapshot()?.data == [1, 2, 3])
    #expect(try again.everything() == entries(11...20))
    #expect(try again.queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM snapshot_chunks") } == 1)
  }

  @Test func writesNothingWhenIdle() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    try log.append(entries(1...5))
    func files() throws -> [String: Data] {
      let names = try FileManager.default.contentsOfDirectory(atPath: scratch.location.directory)
      return Dictionary(
        uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: scratch.location.directory + "/" + $0) ?? Data()) })
    }
    let before = try files()
    _ = try log.everything()
    try log.checkpointIfNeeded()
    try log.append([])
    #expect(try files() == before)
  }

  @Test func writeAheadLogStaysSmall() throws {
    let scratch = ScratchLog()
    let log = try scratch.create()
    for batch in 0..<60 {
      let first = UInt64(batch * 10 + 1)
      try log.append(entries(first...first + 9, size: 20_000))
      try log.checkpointIfNeeded()
    }
    let size = try FileManager.default.attributesOfItem(atPath: scratch.location.writeAheadLog)[.size] as? Int
    #expect((size ?? .max) < 6 << 20)
  }

  /// A list of entries is the model; the log must agree with it after each step.
  @Test(arguments: 1...20) func behavesLikeAList(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let scratch = ScratchLog()
    var log = try scratch.create()
    var model: [Entry] = []
    var last: UInt64 = 0
    var snapshot: [UInt8]?
    for _ in 0..<40 {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<6:
        let batch = (0..<Int.random(in: 1...8, using: &generator)).map { offset in
          Entry(
            term: .random(in: 1...(.max), using: &generator), index: last + UInt64(offset) + 1,
            data: .random(.random(in: 0...3000, using: &generator), using: &generator))
        }
        try log.append(batch)
        model += batch
        last = batch[batch.count - 1].index
      case 6 where !model.isEmpty:
        let index = model[Int.random(in: 0..<model.count, using: &generator)].index
        let data = [UInt8].random(.random(in: 0...600_000, using: &generator), using: &generator)
        try log.save(snapshot: data, index: index)
        model.removeAll { $0.index <= index }
        snapshot = data
      case 7:
        try log.close()
        log = try scratch.open()
      case 8:
        // Power loss: only what is on the disk counts.
        let image = try scratch.crashImage(mark: last)
        let copy = try image.open()
        #expect(try copy.everything() == model)
        try copy.close()
      default: try log.checkpointIfNeeded()
      }
      #expect(log.lastIndex == last)
      #expect(try log.everything() == model)
      #expect(try log.readSnapshot()?.data == snapshot)
    }
  }
}
