/// What a member hands to its disk at a time.
package struct LogWrite: Hashable, Sendable {
  /// Nil when it is what it was.
  package var hardState: HardState?
  package var entries: [Entry]

  package init(hardState: HardState? = nil, entries: [Entry] = []) {
    self.hardState = hardState
    self.entries = entries
  }
}

/// What a batch of writes makes of a log. The last line of defence of every `LogStorage`: it does not exist when the batch would lose something.
package struct LogChange: Sendable {
  /// As the log is now and, at the end, as the batch leaves it.
  package private(set) var hardState: HardState
  package private(set) var lastIndex: LogIndex
  /// Everything after it is replaced.
  package private(set) var keptIndex: LogIndex
  private let snapshotIndex: LogIndex

  package init(_ batch: [LogWrite], to hardState: HardState, snapshot: LogIndex, last: LogIndex) throws(LogWriteError) {
    (self.hardState, lastIndex, keptIndex, snapshotIndex) = (hardState, last, last, snapshot)
    let committed = hardState.commit
    for write in batch {
      if let new = write.hardState { self.hardState = try self.hardState.followed(by: new) }
      if !write.entries.isEmpty { try append(write.entries, committed: committed) }
    }
  }

  private mutating func append(_ entries: [Entry], committed: LogIndex) throws(LogWriteError) {
    let first = entries[0].index
    guard first > max(committed, snapshotIndex), first <= lastIndex + 1, zip(entries, entries.dropFirst()).allSatisfy({ $0.index + 1 == $1.index })
    else { throw .misplacedEntries(first: first, last: lastIndex, committed: committed) }
    keptIndex = min(keptIndex, first - 1)
    lastIndex = first + UInt64(entries.count) - 1
  }
}

extension HardState {
  /// What is to be written for `new`: the commit index may have been written by itself, and what was queued before knows less.
  package func followed(by new: HardState) throws(LogWriteError) -> HardState {
    guard new.term > term || new.term == term && (new.vote == vote || vote == .none) else { throw .hardStateGoesBack(from: self, to: new) }
    return HardState(term: new.term, vote: new.vote, commit: max(new.commit, commit))
  }
}

/// A bug of who writes: it would forget a promise.
package enum LogWriteError: Error, Hashable, CustomStringConvertible {
  case misplacedEntries(first: LogIndex, last: LogIndex, committed: LogIndex)
  case hardStateGoesBack(from: HardState, to: HardState)
  case misplacedSnapshot(LogIndex)
  case wrongChunk(Int, of: LogIndex)

  package var description: String {
    switch self {
    case .misplacedEntries(let first, let last, let committed):
      "Entry \(first) was offered to a log that ends at \(last) and is committed up to \(committed)"
    case .hardStateGoesBack(let old, let new):
      "Term \(new.term) with a vote for \(new.vote) was to replace term \(old.term) with a vote for \(old.vote)"
    case .misplacedSnapshot(let index): "A snapshot of entry \(index) was offered to a log that it does not fit"
    case .wrongChunk(let number, let index): "Part \(number) of the snapshot at entry \(index) was not what it had to be"
    }
  }
}
