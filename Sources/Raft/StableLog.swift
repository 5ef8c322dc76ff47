/// What of the log is known to be on disk, from the newest compaction on. The owner of a `RawNode` keeps it in step with the disk.
package struct StableLog: Hashable, Sendable {
  /// The last entry that was cut off.
  package private(set) var base: LogPosition
  private var entries: [Entry] = []
  /// What is sent to a member that needs entries from before `base`; nil while there is none to send.
  package var snapshot: Snapshot?

  package init(base: LogPosition = LogPosition(term: 0, index: 0), entries: [Entry] = [], snapshot: Snapshot? = nil) {
    self.base = base
    self.entries = entries
    self.snapshot = snapshot
  }

  package var firstIndex: LogIndex { base.index + 1 }
  package var lastIndex: LogIndex { base.index + UInt64(entries.count) }

  /// Nil for what was cut off, but for the very last of it, and beyond the end.
  package func term(_ index: LogIndex) -> Term? {
    if index == base.index { return base.term }
    guard index > base.index, index <= lastIndex else { return nil }
    return entries[Int(index - firstIndex)].term
  }

  /// Those within the range, as many as fit into `limit` and at least one.
  package func slice(_ range: Range<LogIndex>, limit: Int = .max) -> ArraySlice<Entry> {
    entries[Int(range.lowerBound - firstIndex)..<Int(range.upperBound - firstIndex)].limited(to: limit)
  }

  /// Takes what was written: replaces whatever was there from the first of them on.
  package mutating func append(_ new: [Entry]) {
    guard let last = new.last, last.index > base.index else { return }
    let kept = new.drop { $0.index <= base.index }
    guard let first = kept.first else { return }
    precondition(first.index <= lastIndex + 1, "entries are missing before \(first.index)")
    entries.removeLast(Int(lastIndex + 1 - first.index))
    entries.append(contentsOf: kept)
  }

  /// Starts anew behind a snapshot.
  package mutating func restore(_ new: Snapshot) {
    guard new.metadata.index > base.index else { return }
    base = new.position
    entries = []
    snapshot = new
  }

  /// The lowest index from which on the entries up to `end` take at most `bytes`: where to cut the log off to keep about that much.
  package func index(ofLast bytes: Int, through end: LogIndex) -> LogIndex {
    var index = min(end, lastIndex)
    var size = 0
    while index > base.index {
      size += entries[Int(index - firstIndex)].size
      if size > bytes { break }
      index -= 1
    }
    return index
  }

  /// Cuts off everything up to `index`. Nothing happens when it is gone already or does not exist yet.
  package mutating func compact(through index: LogIndex) {
    guard index > base.index, let term = term(index) else { return }
    entries.removeFirst(Int(index - base.index))
    base = LogPosition(term: term, index: index)
  }
}
