// How the leader brings the others' logs to where its own is.
extension RaftCore {
  mutating func broadcastAppend() {
    for member in tracker.ids where member != id { sendAppend(to: member) }
  }

  mutating func broadcastHeartbeat() {
    let position = reads.position
    for member in tracker.ids where member != id {
      guard let progress = tracker[member] else { continue }
      // Never beyond what it is known to have: its log may differ from there on.
      let commit = min(progress.match, log.committed)
      send(Message(.heartbeat, to: member, commit: commit, readPosition: position))
      _ = tracker.change(member) { $0.sent(commit: commit) }
    }
  }

  /// Sends what comes next, with a snapshot if need be.
  /// - Parameter ifEmpty: whether a message without entries is worth sending, for the commit index or to see where the logs agree.
  @discardableResult
  mutating func sendAppend(to member: MemberID, ifEmpty: Bool = true) -> Bool {
    guard let progress = tracker[member], !progress.isPaused else { return false }
    let previous = progress.next - 1
    guard let previousTerm = log.term(previous), previous > 0 || options.founders?.contains(member) != false else {
      return sendSnapshot(to: member, progress)
    }
    var entries: [Entry] = []
    // With a full window an empty message still goes: if everything in it was lost, the answer shows.
    if progress.state != .replicate || !progress.inflights.isFull {
      guard let next = log.entries(from: progress.next, limit: options.maxMessageSize) else {
        return ifEmpty ? sendSnapshot(to: member, progress) : false
      }
      entries = next
    }
    if entries.isEmpty, !ifEmpty { return false }
    let commit = log.committed
    _ = tracker.change(member) {
      $0.sent(entries: entries.count, bytes: entries.payloadSize)
      $0.sent(commit: commit)
    }
    send(Message(.append, to: member, logTerm: previousTerm, index: previous, entries: entries, commit: commit))
    return true
  }

  private mutating func sendSnapshot(to member: MemberID, _ progress: Progress) -> Bool {
    // One that is gone would not take it; one that is back is sent it then.
    guard progress.recentActive, let snapshot = log.snapshotToSend else { return false }
    _ = tracker.change(member) { $0.becomeSnapshot(snapshot.metadata.index) }
    send(Message(.snapshot, to: member, snapshot: snapshot))
    return true
  }

  mutating func acknowledge(_ message: Message) {
    // Nobody has what was never sent.
    guard message.isRejection || message.index <= log.lastIndex else { return }
    guard tracker.change(message.from, { $0.recentActive = true }) != nil else { return }
    if message.isRejection { refused(message) } else { accepted(message) }
  }

  /// Goes back to where the logs may agree: at most one probe for each term in which they differ.
  private mutating func refused(_ message: Message) {
    var hint = message.rejectHint
    if message.logTerm > 0 {
      // Where this log has a later term than the other there, they cannot agree.
      hint = log.conflict(at: hint, term: message.logTerm).index
    }
    let decreased = tracker.change(message.from) { progress in
      guard progress.decrease(rejected: message.index, hint: hint) else { return false }
      if progress.state == .replicate { progress.becomeProbe() }
      return true
    }
    if decreased == true { sendAppend(to: message.from) }
  }

  private mutating func accepted(_ message: Message) {
    let (member, index) = (message.from, message.index)
    let first = log.firstIndex
    let advanced = tracker.change(member) { progress in
      guard progress.update(to: index) || (progress.match == index && progress.state == .probe) else { return false }
      switch progress.state {
      case .probe: progress.becomeReplicate()
      case .replicate: progress.landed(through: index)
      // Whatever brought it there: what it misses now is in the log.
      case .snapshot where progress.match + 1 >= first:
        progress.becomeProbe()
        progress.becomeReplicate()
      case .snapshot: break
      }
      return true
    }
    guard advanced == true else { return }
    if commit() {
      confirmEarlyReads()
      broadcastAppend()
    } else if member != id, tracker[member]?.canAdvanceCommit(to: log.committed) == true {
      sendAppend(to: member)
    }
    // There may be room for more than one message now.
    if member != id { while sendAppend(to: member, ifEmpty: false) {} }
    if member == transferee, tracker[member]?.match == log.lastIndex { send(Message(.timeoutNow, to: member)) }
  }

  /// Whether more is committed than before.
  mutating func commit() -> Bool { log.commit(LogPosition(term: term, index: tracker.committed)) }

  // MARK: What the owner noticed

  /// Messages to it did not arrive: those on their way, too, are lost.
  mutating func reportUnreachable(_ member: MemberID) {
    guard role == .leader else { return }
    _ = tracker.change(member) { if $0.state == .replicate { $0.becomeProbe() } }
  }

  mutating func reportSnapshot(_ member: MemberID, succeeded: Bool) {
    guard role == .leader else { return }
    _ = tracker.change(member) { progress in
      guard progress.state == .snapshot else { return }
      if !succeeded { progress.forgetSnapshot() }
      progress.becomeProbe()
      // When it was taken, its answer follows; when not, a heartbeat's answer is soon enough to try again.
      progress.isFlowPaused = true
    }
  }
}

extension RaftLog {
  /// The newest there is to send to others; nil while there is none.
  var snapshotToSend: Snapshot? { unstable.snapshot ?? stable.snapshot }
}
