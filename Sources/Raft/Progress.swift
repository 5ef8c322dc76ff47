/// What the leader knows of another member's log, and how it sends to it.
package struct Progress: Hashable, Sendable {
  package enum State: Sendable {
    /// Where the logs agree is not known: one append at a time.
    case probe
    /// It follows: appends are sent ahead of their acknowledgements.
    case replicate
    /// It needs a snapshot; nothing else is sent meanwhile.
    case snapshot
  }

  /// Known to be in its log.
  package private(set) var match: LogIndex
  /// The next entry to send; always beyond `match`.
  package private(set) var next: LogIndex
  package private(set) var state: State = .probe
  /// The snapshot on its way.
  package private(set) var pendingSnapshot: LogIndex = 0
  /// It was heard of since the leader last looked whether it still has a quorum.
  package var recentActive: Bool
  /// A probe, or a full window, is unanswered.
  package var isFlowPaused = false
  package var isLearner: Bool
  package private(set) var inflights: Inflights
  /// The highest commit index sent to it.
  private var sentCommit: LogIndex = 0

  package init(match: LogIndex = 0, next: LogIndex, inflights: Inflights, isLearner: Bool = false, recentActive: Bool = false) {
    self.match = match
    self.next = next
    self.inflights = inflights
    self.isLearner = isLearner
    self.recentActive = recentActive
  }

  package var isPaused: Bool { state == .snapshot || isFlowPaused }

  private mutating func reset(_ state: State) {
    isFlowPaused = false
    pendingSnapshot = 0
    self.state = state
    inflights.reset()
  }

  mutating func becomeProbe() {
    // After a snapshot the probe begins behind it: whether it was applied will show.
    let base = state == .snapshot ? max(match, pendingSnapshot) : match
    reset(.probe)
    next = base + 1
    sentCommit = min(sentCommit, next - 1)
  }

  mutating func becomeReplicate() {
    reset(.replicate)
    next = match + 1
  }

  mutating func becomeSnapshot(_ index: LogIndex) {
    reset(.snapshot)
    pendingSnapshot = index
    next = index + 1
    sentCommit = index
  }

  mutating func forgetSnapshot() { pendingSnapshot = 0 }

  mutating func sent(entries: Int, bytes: Int) {
    switch state {
    case .replicate:
      if entries > 0 {
        next += UInt64(entries)
        inflights.add(next - 1, bytes: bytes)
      }
      isFlowPaused = inflights.isFull
    case .probe:
      if entries > 0 { isFlowPaused = true }
    case .snapshot: break
    }
  }

  mutating func sent(commit: LogIndex) { sentCommit = commit }

  /// Whether telling it `commit` would move its own commit index, as far as its log is known to reach.
  func canAdvanceCommit(to commit: LogIndex) -> Bool { commit > sentCommit && sentCommit < next - 1 }

  mutating func landed(through index: LogIndex) { inflights.free(through: index) }

  /// It acknowledged everything up to `index`. False when that was known.
  mutating func update(to index: LogIndex) -> Bool {
    guard index > match else { return false }
    match = index
    next = max(next, index + 1)
    isFlowPaused = false
    return true
  }

  /// It refused the append that follows `rejected`, and the logs agree at `hint` at the latest. False for an answer to an old message.
  mutating func decrease(rejected: LogIndex, hint: LogIndex) -> Bool {
    if state == .replicate {
      guard rejected > match else { return false }
      next = match + 1
    } else {
      guard next - 1 == rejected else { return false }
      next = max(min(rejected, hint == .max ? hint : hint + 1), match + 1)
      isFlowPaused = false
    }
    sentCommit = min(sentCommit, next - 1)
    return true
  }
}
