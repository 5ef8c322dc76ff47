import ClusterModel
import GRDB
import Raft
import Testing

@testable import RaftStorage

/// A snapshot that comes in chunks from the leader.
struct LogReceivingTests {
  private let scratch = ScratchLog()
  private let data: [UInt8]
  private let info: LogSnapshotInfo

  init() {
    var generator = SeededGenerator(seed: 4)
    data = .random(LogSnapshotInfo.chunkSize * 3 + 1000, using: &generator)
    info = LogSnapshotInfo(index: 50, term: 3, configuration: ConfigurationState(voters: [1, 7]), size: data.count)
  }

  private func store(_ numbers: Range<Int>, _ log: LogDatabase) throws {
    for number in numbers { try log.writeSnapshotChunk(number, data.chunk(number), of: info) }
  }

  @Test func goesOnAfterARestart() throws {
    var log = try scratch.create()
    try log.append(entries(1...20))
    let first = try log.receiveSnapshot(info)
    #expect(first == 0)
    try store(0..<2, log)
    while try log.removeStaleChunk() {}
    try log.close()

    log = try scratch.open()
    #expect(log.snapshot.index == 0 && log.lastIndex == 20, "nothing of it counts yet")
    #expect(try log.incomingSnapshot() == info)
    let next = try log.receiveSnapshot(info)
    #expect(next == 2)
    try store(2..<4, log)
    try log.installSnapshot(info, hardState: HardState(term: 3, commit: 50))
    #expect(try log.incomingSnapshot() == nil)
    try log.close()

    log = try scratch.open()
    #expect(try log.readSnapshot()?.data == data)
    #expect(log.lastIndex == 50)
  }

  /// A leader that ends while it sends a snapshot is asked for the next chunk.
  @Test func refusesWhatIsAskedForAfterItWasClosed() throws {
    let log = try scratch.create()
    _ = try log.receiveSnapshot(info)
    try store(0..<2, log)
    try log.close()
    #expect(throws: WarrenError.self) { try log.readSnapshotChunk(0, of: info) }
    #expect(throws: WarrenError.self) { try log.writeSnapshotChunk(2, data.chunk(2), of: info) }
    #expect(throws: WarrenError.self) { try log.incomingSnapshot() }
    #expect(throws: WarrenError.self) { try log.readEntries(after: 0, byteLimit: 1) }
    #expect(throws: WarrenError.self) { try log.append(entries(1...1)) }
    #expect(throws: WarrenError.self) { try log.removeStaleChunk() }
    let again = try scratch.open()
    #expect(try again.receiveSnapshot(info) == 2)
  }

  /// Whatever was written before a power loss, a prefix of it is there.
  @Test func goesOnAfterAPowerLossAnywhere() throws {
    let log = try scratch.create()
    _ = try log.receiveSnapshot(info)
    for stored in 0...info.chunks {
      let image = try scratch.crashImage(mark: nil)
      let copy = try image.open()
      let next = try copy.receiveSnapshot(info)
      #expect(next == stored)
      try copy.close()
      if stored < info.chunks { try store(stored..<stored + 1, log) }
    }
  }

  @Test func anotherSnapshotBeginsAnew() throws {
    let log = try scratch.create()
    _ = try log.receiveSnapshot(info)
    try store(0..<3, log)
    // Of the same entry: nothing of the first may be taken for the second's.
    let other = LogSnapshotInfo(index: 50, term: 4, configuration: info.configuration, size: info.size)
    var next = try log.receiveSnapshot(other)
    #expect(next == 0)
    next = try log.receiveSnapshot(info)
    #expect(next == 0)
    try store(0..<1, log)
    let newer = LogSnapshotInfo(index: 60, term: 4, configuration: info.configuration, size: 10)
    _ = try log.receiveSnapshot(newer)
    while try log.removeStaleChunk() {}
    #expect(throws: WarrenError.self) { try log.readSnapshotChunk(0, of: info) }
  }

  @Test func whatIsIncompleteOrDamagedIsNotInstalled() throws {
    let log = try scratch.create()
    try log.append(entries(1...20))
    _ = try log.receiveSnapshot(info)
    try store(0..<3, log)
    var error = #expect(throws: WarrenError.self) { try log.installSnapshot(info, hardState: HardState(term: 3, commit: 50)) }
    #expect(error?.code == .dataLoss)
    #expect(log.lastIndex == 20 && log.snapshot.index == 0)

    var next = try log.receiveSnapshot(info)
    #expect(next == 0, "received anew")
    try store(0..<4, log)
    try log.queue.write { try $0.execute(sql: "UPDATE snapshot_chunks SET data = x'00' WHERE number = 1") }
    error = #expect(throws: WarrenError.self) { try log.installSnapshot(info, hardState: HardState(term: 3, commit: 50)) }
    #expect(error?.code == .dataLoss)
    next = try log.receiveSnapshot(info)
    #expect(next == 0)
    #expect(try log.everything().count == 20)
  }

  @Test func anOldOneIsNotWanted() throws {
    let log = try scratch.create()
    try log.append(entries(1...60))
    try log.save(snapshot: data, index: 50)
    let error = #expect(throws: WarrenError.self) { try log.receiveSnapshot(info) }
    #expect(error?.code == .failedPrecondition)
    #expect(try log.readSnapshot()?.data == data)
  }
}
