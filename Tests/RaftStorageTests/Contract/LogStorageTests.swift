import Raft
import Testing

@testable import RaftStorage

/// What `LogStorage` promises, of everything that implements it.
@Suite struct LogStorageTests {
  private static let seeds = 1...6 as ClosedRange<UInt64>

  private func entry(_ index: LogIndex, term: Term = 1) -> Entry {
    Entry(term: term, index: index, data: [UInt8(term), UInt8(truncatingIfNeeded: index)])
  }
  private func entries(_ range: ClosedRange<LogIndex>, term: Term = 1) -> [Entry] { range.map { entry($0, term: term) } }

  private func expect(_ storage: any LogStorage, holds model: LogModel, _ place: SourceLocation = #_sourceLocation) throws {
    let found = try LogModel(reading: storage)
    #expect(found.equals(model), "\(found) instead of \(model)", sourceLocation: place)
    #expect(storage.lastIndex == model.lastIndex, sourceLocation: place)
    let stable = try storage.stableLog()
    #expect(stable.lastIndex == model.lastIndex, sourceLocation: place)
    #expect(stable.snapshot?.metadata.index ?? 0 == model.snapshotIndex, sourceLocation: place)
    #expect(model.entries.allSatisfy { stable.term($0.index) == $0.term }, sourceLocation: place)
  }

  private func expectRefusal(
    by machine: any StorageMachine, _ meaning: StorageTrouble = .refused, _ place: SourceLocation = #_sourceLocation,
    _ body: (any LogStorage) throws -> Void
  ) throws {
    let before = try LogModel(reading: machine.storage)
    let error = #expect(throws: (any Error).self, sourceLocation: place) { try body(machine.storage) }
    if let error { #expect(machine.meaning(of: error) == meaning, "\(error)", sourceLocation: place) }
    try expect(machine.storage, holds: before, place)
    try machine.restart()
    try expect(machine.storage, holds: before, place)
  }

  /// Random writes, compactions, snapshots from a leader, restarts and power failures, each followed by a look at all of it.
  @Test(arguments: StorageKind.allCases, seeds) func holdsWhatWasWritten(_ kind: StorageKind, seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed)
    let machine = try kind.machine()
    var model = LogModel()
    for _ in 0..<60 {
      switch Int.random(in: 0..<10, using: &dice) {
      case 0..<5:
        let batch = randomBatch(model, &dice)
        try machine.storage.write(batch)
        for write in batch { model.take(write) }
      case 5 where model.lastIndex > model.snapshotIndex:
        let index = LogIndex.random(in: model.snapshotIndex + 1...model.lastIndex, using: &dice)
        model.snapshotData = try store(at: index, term: model.log[index]?.term ?? 1, machine.storage, &dice) { try $0.adoptSnapshot($1) }
        model.snapshotIndex = index
      case 6:
        let index = max(model.snapshotIndex, model.hardState.commit) + LogIndex.random(in: 1...20, using: &dice)
        model.hardState.commit = index
        model.snapshotData = try store(at: index, term: model.hardState.term, machine.storage, &dice) { [state = model.hardState] in
          let next = try $0.receiveSnapshot($1)
          #expect(next == 0)
          try self.write(Self.data(of: $1), as: $1, $0)
          try $0.installSnapshot($1, hardState: state)
        }
        (model.snapshotIndex, model.log) = (index, [:])
      case 7: try machine.restart()
      case 8: try machine.losePower()
      default:
        let batch = randomBatch(model, &dice)
        let stages = model.stages(of: batch)
        try machine.losePower(whileWriting: batch, dice: &dice)
        let found = try LogModel(reading: machine.storage)
        let stage = stages.first { $0.equals(found, withCommit: false) }
        model = try #require(stage, "\(found) is no stage of \(batch) after \(model)")
        #expect(found.hardState.commit <= model.hardState.commit)
        model.hardState.commit = found.hardState.commit
      }
      while try machine.storage.removeStaleChunk(keeping: []) {}
      try expect(machine.storage, holds: model)
    }
  }

  /// One or two writes that may come next, as of a member that follows one leader after the other.
  private func randomBatch(_ model: LogModel, _ dice: inout SeededGenerator) -> [LogWrite] {
    var model = model
    let committed = model.hardState.commit
    return (0..<Int.random(in: 1...2, using: &dice)).map { _ in
      var write = LogWrite()
      var term = max(1, model.hardState.term)
      if model.hardState.term == 0 || Int.random(in: 0..<3, using: &dice) == 0 {
        term = model.hardState.term + .random(in: 1...2, using: &dice)
        write.hardState = HardState(term: term, vote: MemberID(rawValue: .random(in: 0...3, using: &dice)), commit: committed)
      } else if Bool.random(using: &dice) {
        write.hardState = model.hardState
        write.hardState?.commit = .random(in: committed...max(committed, model.lastIndex), using: &dice)
      }
      let lowest = max(committed, model.hardState.commit, write.hardState?.commit ?? 0, model.snapshotIndex) + 1
      if lowest <= model.lastIndex + 1 {
        let first = LogIndex.random(in: max(lowest, model.lastIndex > 3 ? model.lastIndex - 3 : 1)...model.lastIndex + 1, using: &dice)
        let count = Int.random(in: 0...6, using: &dice)
        write.entries = (0..<count).map {
          Entry(term: term, index: first + UInt64($0), data: .random(.random(in: 0...300, using: &dice), using: &dice))
        }
      }
      model.take(write)
      return write
    }
  }

  private static func data(of info: LogSnapshotInfo) -> [UInt8] { (0..<info.size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ Int(info.index)) } }

  private func write(_ data: [UInt8], as info: LogSnapshotInfo, _ storage: any LogStorage) throws {
    for number in 0..<info.chunks { try storage.writeSnapshotChunk(number, Array(data[info.range(ofChunk: number)]), of: info) }
  }

  private func store(
    at index: LogIndex, term: Term, _ storage: any LogStorage, _ dice: inout SeededGenerator,
    _ finish: (any LogStorage, LogSnapshotInfo) throws -> Void
  ) throws -> [UInt8] {
    let size = Int.random(in: 0..<3, using: &dice) == 0 ? LogSnapshotInfo.chunkSize + 100 : Int.random(in: 1...5000, using: &dice)
    let info = LogSnapshotInfo(index: index, term: term, configuration: founders, size: size)
    let data = Self.data(of: info)
    try write(data, as: info, storage)
    try finish(storage, info)
    #expect(storage.snapshot == info)
    #expect(try (0..<info.chunks).flatMap { try storage.readSnapshotChunk($0, of: info) } == data)
    return data
  }

  @Test(arguments: StorageKind.allCases) func refusesEntriesThatDoNotFitTheLog(_ kind: StorageKind) throws {
    let machine = try kind.machine()
    try machine.storage.write([LogWrite(hardState: HardState(term: 2, vote: 7, commit: 4), entries: entries(1...6))])
    for wrong in [entries(8...8), entries(4...4, term: 2), entries(1...7), [entry(7), entry(9)], [entry(7), entry(7)], [entry(0)]] {
      try expectRefusal(by: machine) { try $0.write([LogWrite(entries: wrong)]) }
    }
    // The whole batch, whatever else is in it.
    try expectRefusal(by: machine) {
      try $0.write([LogWrite(hardState: HardState(term: 3), entries: entries(7...8)), LogWrite(entries: entries(10...10))])
    }
    try machine.storage.write([LogWrite(entries: entries(5...5, term: 2))])
    try machine.restart()
    #expect(try machine.storage.readEntries(after: 0, byteLimit: .max) == entries(1...4) + entries(5...5, term: 2))
    #expect(try machine.storage.readEntries(after: 2, byteLimit: 1) == entries(3...3))
    #expect(try machine.storage.readEntries(after: 5, byteLimit: 1) == [])
  }

  @Test(arguments: StorageKind.allCases) func termVoteAndCommitNeverGoBack(_ kind: StorageKind) throws {
    let machine = try kind.machine()
    try machine.storage.write([LogWrite(hardState: HardState(term: 3, vote: 0, commit: 0), entries: entries(1...5))])
    try machine.storage.write([LogWrite(hardState: HardState(term: 3, vote: 7, commit: 4))])
    for wrong in [HardState(term: 2, vote: 7, commit: 4), HardState(term: 3, vote: 8, commit: 4), HardState(term: 3, vote: 0, commit: 4)] {
      try expectRefusal(by: machine) { try $0.write([LogWrite(hardState: wrong)]) }
      try expectRefusal(by: machine) { try $0.write([LogWrite(hardState: HardState(term: 3, vote: 7, commit: 5)), LogWrite(hardState: wrong)]) }
    }
    // What was queued before may know of fewer committed entries.
    try machine.storage.write([LogWrite(hardState: HardState(term: 3, vote: 7, commit: 1))])
    #expect(machine.storage.hardState == HardState(term: 3, vote: 7, commit: 4))
    try machine.storage.write([LogWrite(hardState: HardState(term: 4, vote: 1, commit: 1))])
    try machine.losePower()
    #expect(machine.storage.hardState == HardState(term: 4, vote: 1, commit: 4))
  }

  @Test(arguments: StorageKind.allCases) func aSnapshotNotFinishedCountsForNothing(_ kind: StorageKind) throws {
    let machine = try kind.machine()
    try machine.storage.write([LogWrite(hardState: HardState(term: 3, vote: 7), entries: entries(1...10))])
    let info = LogSnapshotInfo(index: 8, term: 1, configuration: founders, size: LogSnapshotInfo.chunkSize * 2)
    let data = Self.data(of: info)
    try machine.storage.writeSnapshotChunk(0, Array(data[info.range(ofChunk: 0)]), of: info)
    #expect(try LogModel(reading: machine.storage).entries.count == 10)
    for number in [-1, 2] { try expectRefusal(by: machine) { try $0.writeSnapshotChunk(number, [1], of: info) } }
    try expectRefusal(by: machine) { try $0.writeSnapshotChunk(1, [1], of: info) }
    let ahead = LogSnapshotInfo(index: 11, term: 1, configuration: founders, size: 0)
    try expectRefusal(by: machine) { try $0.adoptSnapshot(ahead) }
    try write(data, as: info, machine.storage)
    try machine.storage.adoptSnapshot(info)
    try machine.losePower()
    #expect(try machine.storage.readSnapshot()?.data == data)
    #expect(try machine.storage.readEntries(after: 8, byteLimit: .max) == entries(9...10))
    // It is not overwritten, nor followed by an older one.
    try expectRefusal(by: machine) { try $0.writeSnapshotChunk(0, Array(data[info.range(ofChunk: 0)]), of: info) }
    let older = LogSnapshotInfo(index: 5, term: 1, configuration: founders, size: 3)
    try expectRefusal(by: machine) { try $0.adoptSnapshot(older) }
    try expectRefusal(by: machine) { try $0.installSnapshot(older, hardState: HardState(term: 3, vote: 7)) }
  }

  @Test(arguments: StorageKind.allCases) func adoptsNothingThatIsNotAllThere(_ kind: StorageKind) throws {
    let machine = try kind.machine()
    try machine.storage.write([LogWrite(hardState: HardState(term: 3, vote: 7), entries: entries(1...10))])
    let info = LogSnapshotInfo(index: 8, term: 1, configuration: founders, size: LogSnapshotInfo.chunkSize * 2)
    try machine.storage.writeSnapshotChunk(1, Array(Self.data(of: info)[info.range(ofChunk: 1)]), of: info)
    let before = try LogModel(reading: machine.storage)
    #expect(throws: (any Error).self) { try machine.storage.adoptSnapshot(info) }
    try expect(machine.storage, holds: before)
  }

  @Test(arguments: StorageKind.allCases) func receivingGoesOnAfterACrash(_ kind: StorageKind) throws {
    let machine = try kind.machine()
    try machine.storage.write([LogWrite(hardState: HardState(term: 3, vote: 7, commit: 2), entries: entries(1...10))])
    let info = LogSnapshotInfo(index: 50, term: 3, configuration: founders, size: LogSnapshotInfo.chunkSize * 2 + 10)
    let data = Self.data(of: info)
    var next = try machine.storage.receiveSnapshot(info)
    #expect(next == 0)
    try machine.storage.writeSnapshotChunk(0, Array(data[info.range(ofChunk: 0)]), of: info)
    while try machine.storage.removeStaleChunk(keeping: []) {}
    try machine.losePower()
    #expect(try machine.storage.incomingSnapshot() == info)
    #expect(try LogModel(reading: machine.storage).entries == entries(1...10), "nothing of it counts yet")
    next = try machine.storage.receiveSnapshot(info)
    #expect(next == 1)
    let state = HardState(term: 4, vote: 0, commit: 50)
    // Not before all of it is there; then it is received anew.
    try expectRefusal(by: machine, .damaged) { try $0.installSnapshot(info, hardState: state) }
    next = try machine.storage.receiveSnapshot(info)
    #expect(next == 0)
    try write(data, as: info, machine.storage)
    try expectRefusal(by: machine) { try $0.installSnapshot(info, hardState: HardState(term: 2)) }
    try machine.storage.installSnapshot(info, hardState: state)
    try machine.losePower()
    var model = LogModel()
    (model.hardState, model.snapshotIndex, model.snapshotData) = (state, 50, data)
    try expect(machine.storage, holds: model)
    #expect(try machine.storage.incomingSnapshot() == nil)
    try expectRefusal(by: machine) { _ = try $0.receiveSnapshot(info) }
    try machine.storage.write([LogWrite(entries: [entry(51, term: 4)])])
    try machine.restart()
    #expect(machine.storage.lastIndex == 51)
  }

  /// Chunks that are being sent stay, also when their snapshot is not the newest any more.
  @Test(arguments: StorageKind.allCases) func chunksAreRemovedWhenNobodyNeedsThem(_ kind: StorageKind) throws {
    let machine = try kind.machine()
    try machine.storage.write([LogWrite(entries: entries(1...10))])
    let infos = [3, 6].map { LogSnapshotInfo(index: $0, term: 1, configuration: founders, size: 400) }
    for info in infos {
      try write(Self.data(of: info), as: info, machine.storage)
      try machine.storage.adoptSnapshot(info)
    }
    while try machine.storage.removeStaleChunk(keeping: [3]) {}
    for info in infos { #expect(try machine.storage.readSnapshotChunk(0, of: info) == Self.data(of: info)) }
    while try machine.storage.removeStaleChunk(keeping: []) {}
    #expect(throws: (any Error).self) { try machine.storage.readSnapshotChunk(0, of: infos[0]) }
    #expect(try machine.storage.readSnapshotChunk(0, of: infos[1]) == Self.data(of: infos[1]))
  }

  @Test(arguments: StorageKind.allCases) func damageIsNotReturned(_ kind: StorageKind) throws {
    let machine = try kind.machine()
    try machine.storage.write([LogWrite(entries: entries(1...10))])
    try machine.flipABit()
    let error = #expect(throws: (any Error).self) { try machine.storage.stableLog() }
    if let error { #expect(machine.meaning(of: error) == .damaged, "\(error)") }
  }
}
