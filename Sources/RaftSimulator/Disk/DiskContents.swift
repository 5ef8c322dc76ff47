package import Raft

/// What a disk holds: hard state, a snapshot and the entries after the compacted ones.
package struct DiskContents {
  /// Of snapshots that are not the newest one yet.
  package struct SnapshotParts {
    package var incoming: LogSnapshotInfo?
    package var chunks: [LogIndex: [Int: [UInt8]]] = [:]
  }

  package var hardState = HardState()
  package var snapshot: Snapshot?
  package var entries: [Entry] = []
  /// The last entry that is gone from the log; its term is kept.
  package var compactedIndex: UInt64 = 0
  package var compactedTerm: UInt64 = 0
  package var parts = SnapshotParts()

  package var lastIndex: UInt64 { compactedIndex + UInt64(entries.count) }

  package func term(at index: UInt64) -> UInt64? {
    if index == compactedIndex { return compactedTerm }
    return entry(at: index)?.term
  }

  package func entry(at index: UInt64) -> Entry? {
    guard index > compactedIndex, index <= lastIndex else { return nil }
    return entries[Int(index - compactedIndex - 1)]
  }

  package mutating func apply(_ write: DiskWrite) {
    if let state = write.hardState { hardState = state }
    if let new = write.snapshot {
      snapshot = new
      entries = []
      compactedIndex = new.metadata.index
      compactedTerm = new.metadata.term
    }
    if let first = write.entries.first {
      let kept = Int(first.index) - Int(compactedIndex) - 1
      precondition(kept >= 0 && kept <= entries.count, "a write leaves a gap in the log or overwrites what was compacted")
      entries.removeSubrange(kept...)
      entries.append(contentsOf: write.entries)
    }
    if let compaction = write.compaction { compact(compaction) }
    if let new = write.parts { parts = new }
  }

  private mutating func compact(_ compaction: DiskWrite.Compaction) {
    if compaction.snapshot.metadata.index > snapshot?.metadata.index ?? 0 { snapshot = compaction.snapshot }
    guard compaction.through > compactedIndex, compaction.through <= lastIndex, let term = term(at: compaction.through) else { return }
    entries.removeFirst(Int(compaction.through - compactedIndex))
    compactedIndex = compaction.through
    compactedTerm = term
  }
}

/// One write: nothing of it counts before it is synced.
package struct DiskWrite {
  package struct Compaction {
    package var snapshot: Snapshot
    /// Entries through this index go.
    package var through: UInt64

    package init(snapshot: Snapshot, through: UInt64) {
      self.snapshot = snapshot
      self.through = through
    }
  }

  package var hardState: HardState?
  package var snapshot: Snapshot?
  package var entries: [Entry] = []
  package var compaction: Compaction?
  package var parts: DiskContents.SnapshotParts?

  package init(
    hardState: HardState? = nil, snapshot: Snapshot? = nil, entries: [Entry] = [], compaction: Compaction? = nil,
    parts: DiskContents.SnapshotParts? = nil
  ) {
    self.hardState = hardState
    self.snapshot = snapshot
    self.entries = entries
    self.compaction = compaction
    self.parts = parts
  }

  package var isEmpty: Bool { hardState == nil && snapshot == nil && entries.isEmpty && compaction == nil && parts == nil }
}
