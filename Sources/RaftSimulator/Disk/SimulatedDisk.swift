package import Raft
package import SimulationEngine

/// A disk that keeps its promises only for what was synced: at a crash, later writes are there, gone or torn.
///
/// Both states are kept apart and every write is applied to each in its time, so that a write costs what it holds.
package final class SimulatedDisk {
  /// What reading returns: synced or not, as a page cache does.
  package private(set) var written = DiskContents()
  /// What a crash cannot take.
  package private(set) var synced = DiskContents()
  package private(set) var unsynced: [DiskWrite] = []
  /// How many of `unsynced` the sync under way covers; nil while none is.
  package private(set) var syncing: Int?
  /// Set by a flipped bit: the checksum of something read at the start will not match.
  package var isDamaged = false

  package init() {}

  /// Before the first start: what a founding member finds.
  package func format(_ snapshot: Snapshot) {
    synced.apply(DiskWrite(hardState: HardState(term: snapshot.metadata.term, commit: snapshot.metadata.index), snapshot: snapshot))
    written = synced
  }

  package func write(_ write: DiskWrite) {
    written.apply(write)
    unsynced.append(write)
  }

  /// Begins to sync what was written so far; later writes wait for the next sync.
  package func beginSync() { syncing = unsynced.count }

  /// Returns the writes that are durable from now on.
  package func endSync() -> ArraySlice<DiskWrite> {
    let count = syncing ?? 0
    let durable = unsynced[..<count]
    for write in durable { synced.apply(write) }
    unsynced.removeFirst(count)
    syncing = nil
    return durable
  }

  /// Power fails: of what was not synced a prefix is left, of the write after it perhaps a part.
  package func crash(random: inout SimulationRandom, count: (Fault) -> Void) {
    let kept = random.int(in: 0...unsynced.count)
    for write in unsynced[..<kept] { synced.apply(write) }
    if kept < unsynced.count {
      if random.chance(50), let part = Self.torn(unsynced[kept], random: &random) {
        count(.tornWrite)
        synced.apply(part)
      } else {
        count(.lostWrite)
      }
    }
    // A commit index that outlived its entries says nothing: it is learned anew.
    synced.hardState.commit = min(synced.hardState.commit, synced.lastIndex)
    written = synced
    unsynced = []
    syncing = nil
  }

  /// The part of a write that reached the platter: a snapshot and the hard state are one sector each and come first; entries may end early.
  /// The commit index does not reach beyond them: what was at their places before is not what was committed.
  private static func torn(_ write: DiskWrite, random: inout SimulationRandom) -> DiskWrite? {
    guard write.snapshot == nil, write.compaction == nil, write.parts == nil else { return nil }
    var part = write
    part.entries.removeLast(random.int(in: 0...write.entries.count))
    if part.entries.count < write.entries.count, let state = part.hardState {
      part.hardState?.commit = min(state.commit, write.entries[part.entries.count].index - 1)
    }
    return part.isEmpty ? nil : part
  }
}
