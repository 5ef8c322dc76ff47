/// What is not known to be on disk yet: entries, and a snapshot received from the leader. Both may be on their way to it.
struct UnstableLog: Hashable, Sendable {
  private(set) var snapshot: Snapshot?
  private var isSnapshotInProgress = false
  /// The index of the first of `entries`.
  private(set) var offset: LogIndex
  private(set) var entries: [Entry] = []
  /// Those before it are being written.
  private var offsetInProgress: LogIndex

  init(offset: LogIndex) {
    self.offset = offset
    offsetInProgress = offset
  }

  var lastIndex: LogIndex? { entries.isEmpty ? snapshot?.metadata.index : offset + UInt64(entries.count) - 1 }

  func term(_ index: LogIndex) -> Term? {
    if index < offset { return snapshot?.metadata.index == index ? snapshot?.metadata.term : nil }
    guard index - offset < UInt64(entries.count) else { return nil }
    return entries[Int(index - offset)].term
  }

  func slice(_ range: Range<LogIndex>) -> ArraySlice<Entry> { entries[Int(range.lowerBound - offset)..<Int(range.upperBound - offset)] }

  /// Not handed out to be written yet.
  var nextEntries: ArraySlice<Entry> { entries[Int(offsetInProgress - offset)...] }
  var hasNextEntries: Bool { offsetInProgress < offset + UInt64(entries.count) }
  var nextSnapshot: Snapshot? { isSnapshotInProgress ? nil : snapshot }

  /// Everything is being written now.
  mutating func acceptInProgress() {
    offsetInProgress = offset + UInt64(entries.count)
    if snapshot != nil { isSnapshotInProgress = true }
  }

  /// Everything up to there is on disk, unless it was replaced meanwhile: then another acknowledgement follows.
  mutating func stable(through position: LogPosition) {
    guard position.index >= offset, term(position.index) == position.term else { return }
    entries.removeFirst(Int(position.index + 1 - offset))
    offset = position.index + 1
    offsetInProgress = max(offsetInProgress, offset)
  }

  mutating func stableSnapshot(_ index: LogIndex) {
    guard snapshot?.metadata.index == index else { return }
    snapshot = nil
    isSnapshotInProgress = false
  }

  mutating func restore(_ snapshot: Snapshot) {
    offset = snapshot.metadata.index + 1
    offsetInProgress = offset
    entries = []
    self.snapshot = snapshot
    isSnapshotInProgress = false
  }

  /// Adds entries; what was there from the first of them on is replaced.
  mutating func append(_ new: some Collection<Entry>) {
    guard let first = new.first?.index else { return }
    if first <= offset {
      entries = Array(new)
      offset = first
      offsetInProgress = first
    } else {
      entries.removeLast(Int(offset + UInt64(entries.count) - first))
      entries.append(contentsOf: new)
      offsetInProgress = min(offsetInProgress, first)
    }
  }
}
