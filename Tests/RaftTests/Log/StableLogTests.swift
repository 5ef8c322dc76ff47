import Testing

@testable import Raft

@Suite struct StableLogTests {
  static func entries(_ terms: [Term], from first: LogIndex = 1) -> [Entry] {
    terms.enumerated().map { Entry(term: $0.element, index: first + LogIndex($0.offset), data: [UInt8($0.offset)]) }
  }

  @Test func replacesFromTheFirstNewEntryOn() {
    var log = StableLog(entries: Self.entries([1, 1, 1]))
    log.append(Self.entries([2], from: 2))
    #expect(log.lastIndex == 2)
    #expect(log.term(2) == 2 && log.term(3) == nil)
    log.append([])
    #expect(log.lastIndex == 2)
  }

  @Test func knowsTheTermOfTheLastEntryItCutOff() {
    var log = StableLog(entries: Self.entries([1, 2, 3, 3]))
    log.compact(through: 2)
    #expect(log.base == LogPosition(term: 2, index: 2))
    #expect(log.firstIndex == 3 && log.lastIndex == 4)
    #expect(log.term(1) == nil && log.term(2) == 2 && log.term(3) == 3 && log.term(5) == nil)
    log.compact(through: 1)
    log.compact(through: 9)
    #expect(log.firstIndex == 3)
  }

  @Test func takesNothingThatIsCutOffAlready() {
    var log = StableLog(base: LogPosition(term: 2, index: 5))
    log.append(Self.entries([1, 1], from: 3))
    #expect(log.lastIndex == 5)
    log.append(Self.entries([2, 2, 3], from: 4))
    #expect(log.lastIndex == 6 && log.term(6) == 3)
  }

  @Test func beginsAnewBehindASnapshot() {
    var log = StableLog(entries: Self.entries([1, 1, 1]))
    log.restore(Snapshot(metadata: SnapshotMetadata(index: 7, term: 4)))
    #expect(log.firstIndex == 8 && log.lastIndex == 7 && log.term(7) == 4)
    #expect(log.snapshot?.metadata.index == 7)
    log.restore(Snapshot(metadata: SnapshotMetadata(index: 6, term: 9)))
    #expect(log.term(7) == 4, "an older snapshot is not restored")
  }

  @Test func handsOutWhatFitsButAtLeastOne() {
    let log = StableLog(entries: Self.entries([1, 1, 1]))
    let size = Self.entries([1])[0].size
    #expect(log.slice(1..<4).count == 3)
    #expect(log.slice(1..<4, limit: 2 * size).count == 2)
    #expect(log.slice(1..<4, limit: 2 * size - 1).count == 1)
    #expect(log.slice(1..<4, limit: 0).count == 1)
    #expect(log.slice(2..<2).isEmpty)
  }
}
