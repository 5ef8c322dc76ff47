/// The whole log: what is on disk, what is on its way there, and how far it is committed and applied.
package struct RaftLog: Hashable, Sendable {
  package var stable: StableLog
  private(set) var unstable: UnstableLog
  /// The highest index known to be on a quorum's disks.
  package private(set) var committed: LogIndex
  /// Handed out to be applied; between it and `applied` is what is being applied.
  package private(set) var applying: LogIndex
  package private(set) var applied: LogIndex
  /// Bytes being applied may reach this; then no more is handed out.
  private let applyingLimit: Int
  private var applyingSize = 0
  private var isApplyingPaused = false

  init(stable: StableLog, applyingLimit: Int) {
    self.stable = stable
    self.applyingLimit = applyingLimit
    unstable = UnstableLog(offset: stable.lastIndex + 1)
    committed = stable.base.index
    applying = committed
    applied = committed
  }

  package var firstIndex: LogIndex { unstable.snapshot.map { $0.metadata.index + 1 } ?? stable.firstIndex }
  package var lastIndex: LogIndex { unstable.lastIndex ?? stable.lastIndex }
  package var last: LogPosition { LogPosition(term: term(lastIndex) ?? 0, index: lastIndex) }

  /// Nil for what was cut off (but for the last of it) and beyond the end.
  package func term(_ index: LogIndex) -> Term? {
    if let term = unstable.term(index) { return term }
    guard index < unstable.offset, index + 1 >= firstIndex else { return nil }
    return stable.term(index)
  }

  func matches(_ position: LogPosition) -> Bool { term(position.index) == position.term }

  /// Whether a log that ends with `other` has at least what this one has (Raft paper, 5.4.1).
  func isUpToDate(_ other: LogPosition) -> Bool {
    let own = last
    return other.term > own.term || (other.term == own.term && other.index >= own.index)
  }

  /// Those within the range, as many as fit into `limit` and at least one; nil when part of it was cut off.
  package func slice(_ range: Range<LogIndex>, limit: Int = .max) -> [Entry]? {
    if range.isEmpty { return [] }
    guard range.lowerBound >= firstIndex, range.upperBound <= lastIndex + 1 else { return nil }
    if range.lowerBound >= unstable.offset { return Array(unstable.slice(range).limited(to: limit)) }
    let cut = min(range.upperBound, unstable.offset)
    let stored = stable.slice(range.lowerBound..<cut, limit: limit)
    if cut == range.upperBound || UInt64(stored.count) < cut - range.lowerBound { return Array(stored) }
    let size = stored.totalSize
    if size >= limit { return Array(stored) }
    let rest = unstable.slice(cut..<range.upperBound).limited(to: limit - size)
    if rest.count == 1, size + rest.totalSize > limit { return Array(stored) }
    return Array(stored) + rest
  }

  /// Everything from `index` on, as much as fits; nil when it was cut off.
  func entries(from index: LogIndex, limit: Int) -> [Entry]? { index > lastIndex ? [] : slice(index..<(lastIndex + 1), limit: limit) }
}

extension RaftLog {
  /// Adds a leader's own entries.
  mutating func append(_ entries: some Collection<Entry>) { unstable.append(entries) }

  /// Takes entries from the leader when they continue this log, replacing what contradicts them. Returns the last one's index; nil when
  /// something is missing before them.
  /// - Throws: `.conflictsWithCommitted`.
  mutating func append(_ entries: [Entry], after previous: LogPosition, commit: LogIndex) throws(RaftError) -> LogIndex? {
    guard matches(previous) else { return nil }
    let last = previous.index + UInt64(entries.count)
    if let place = entries.firstIndex(where: { !matches($0.position) }) {
      guard entries[place].index > committed else { throw .conflictsWithCommitted(entries[place].index) }
      unstable.append(entries[place...])
    }
    try self.commit(to: min(commit, last))
    return last
  }

  /// The last position up to `index` whose term is at most `term`: no later one can be where two logs agree, if the other is at `term`
  /// there. The term is nil where the log was cut off.
  func conflict(at index: LogIndex, term bound: Term) -> (index: LogIndex, term: Term?) {
    var index = index
    while index > 0 {
      guard let term = term(index) else { return (index, nil) }
      if term <= bound { return (index, term) }
      index -= 1
    }
    return (0, 0)
  }

  /// - Throws: `.logLost` when what is committed is not here.
  mutating func commit(to index: LogIndex) throws(RaftError) {
    guard index > committed else { return }
    guard index <= lastIndex else { throw .logLost(commit: index, last: lastIndex) }
    committed = index
  }

  /// Commits up to there if the log has that entry. By counting, a leader does so with one of its own term only (Raft paper, 5.4.2).
  mutating func commit(_ position: LogPosition) -> Bool {
    guard position.term != 0, position.index > committed, matches(position) else { return false }
    committed = position.index
    return true
  }

  mutating func restore(_ snapshot: Snapshot) {
    committed = snapshot.metadata.index
    unstable.restore(snapshot)
  }

  mutating func recover(commit: LogIndex, applied index: LogIndex) throws(RaftError) {
    guard commit >= committed, commit <= lastIndex else { throw .invalidState("commit \(commit) is outside of the log \(committed)…\(lastIndex)") }
    guard index <= commit else { throw .invalidState("\(index) is applied, but \(commit) committed") }
    committed = commit
    applied = max(applied, index)
    applying = applied
  }
}

// MARK: To the disk

extension RaftLog {
  var hasUnstable: Bool { !unstable.entries.isEmpty }
  var hasNextUnstableEntries: Bool { unstable.hasNextEntries }
  var nextUnstableEntries: [Entry] { Array(unstable.nextEntries) }
  var hasNextUnstableSnapshot: Bool { unstable.nextSnapshot != nil }
  var nextUnstableSnapshot: Snapshot? { unstable.nextSnapshot }
  var hasPendingSnapshot: Bool { unstable.snapshot != nil }

  mutating func acceptUnstable() { unstable.acceptInProgress() }
  mutating func stable(through position: LogPosition) { unstable.stable(through: position) }
  mutating func stableSnapshot(_ index: LogIndex) { unstable.stableSnapshot(index) }
}

// MARK: To the state machine

extension RaftLog {
  /// - Parameter allowUnstable: whether committed entries may be applied before they are on this disk.
  private func appliable(_ allowUnstable: Bool) -> LogIndex { allowUnstable ? committed : min(committed, unstable.offset - 1) }

  func hasNextCommitted(allowUnstable: Bool) -> Bool {
    !isApplyingPaused && !hasPendingSnapshot && applying < appliable(allowUnstable)
  }

  func nextCommitted(allowUnstable: Bool) -> [Entry] {
    guard hasNextCommitted(allowUnstable: allowUnstable) else { return [] }
    return slice((applying + 1)..<(appliable(allowUnstable) + 1), limit: applyingLimit - applyingSize) ?? []
  }

  mutating func acceptApplying(_ entries: [Entry], allowUnstable: Bool) {
    guard let last = entries.last else { return }
    applying = last.index
    applyingSize += entries.totalSize
    // Either it is enough for now, or the size limit cut it off: what follows waits until these are applied.
    isApplyingPaused = applyingSize >= applyingLimit || last.index < appliable(allowUnstable)
  }

  mutating func applied(through index: LogIndex, size: Int) {
    applied = max(applied, min(index, committed))
    applying = max(applying, applied)
    applyingSize = max(0, applyingSize - size)
    isApplyingPaused = applyingSize >= applyingLimit
  }
}
