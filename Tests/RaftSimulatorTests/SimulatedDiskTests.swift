import Raft
import RaftSimulator
import SimulationEngine
import Testing

@Suite struct SimulatedDiskTests {
  private func entries(_ range: ClosedRange<UInt64>, term: UInt64) -> [Entry] { range.map { Entry(term: term, index: $0) } }

  @Test func whatWasSyncedSurvivesACrash() {
    let disk = SimulatedDisk()
    disk.write(DiskWrite(hardState: HardState(term: 1, vote: 2), entries: entries(1...3, term: 1)))
    disk.beginSync()
    #expect(disk.endSync().count == 1)
    var random = SimulationRandom(seed: 1)
    disk.crash(random: &random) { _ in }
    #expect(disk.written.lastIndex == 3)
    #expect(disk.written.hardState == HardState(term: 1, vote: 2))
  }

  @Test func aSyncCoversWhatWasWrittenWhenItBegan() {
    let disk = SimulatedDisk()
    disk.write(DiskWrite(entries: entries(1...1, term: 1)))
    disk.beginSync()
    disk.write(DiskWrite(entries: entries(2...2, term: 1)))
    #expect(disk.endSync().count == 1)
    #expect(disk.synced.lastIndex == 1)
    #expect(disk.written.lastIndex == 2)
    #expect(disk.unsynced.count == 1)
  }

  @Test func whatWasNotSyncedIsKeptLostOrTorn() {
    var kept = 0
    var lost = 0
    var torn = 0
    for seed in 0..<200 {
      let disk = SimulatedDisk()
      var random = SimulationRandom(seed: UInt64(seed))
      disk.write(DiskWrite(entries: entries(1...4, term: 1)))
      disk.crash(random: &random) { _ in }
      switch disk.synced.lastIndex {
      case 4: kept += 1
      case 0: lost += 1
      default: torn += 1
      }
      #expect(disk.synced.lastIndex == disk.written.lastIndex)
    }
    #expect(kept > 20 && lost > 20 && torn > 20)
  }

  @Test func entriesReplaceThoseFromTheirIndexOn() {
    let disk = SimulatedDisk()
    disk.write(DiskWrite(entries: entries(1...5, term: 1)))
    disk.write(DiskWrite(entries: entries(3...3, term: 2)))
    #expect(disk.written.lastIndex == 3)
    #expect(disk.written.term(at: 2) == 1)
    #expect(disk.written.term(at: 3) == 2)
    #expect(disk.written.term(at: 4) == nil)
  }

  @Test func compactionKeepsTheTermOfTheLastEntryCutOff() {
    let disk = SimulatedDisk()
    disk.write(DiskWrite(entries: entries(1...5, term: 3)))
    let snapshot = Snapshot(metadata: SnapshotMetadata(index: 4, term: 3))
    disk.write(DiskWrite(compaction: .init(snapshot: snapshot, through: 3)))
    #expect(disk.written.compactedIndex == 3)
    #expect(disk.written.term(at: 3) == 3)
    #expect(disk.written.entries.count == 2)
    #expect(disk.written.snapshot == snapshot)
  }
}
