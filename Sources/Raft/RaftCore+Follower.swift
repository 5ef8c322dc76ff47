extension RaftCore {
  mutating func stepFollower(_ message: Message) throws(RaftError) {
    switch message.kind {
    case .propose:
      guard leader != .none, options.forwardsProposals else { throw .proposalDropped }
      forward(message)
    case .append:
      hear(message.from)
      try take(message)
    case .heartbeat:
      hear(message.from)
      try log.commit(to: message.commit)
      send(Message(.heartbeatResponse, to: message.from, readPosition: message.readPosition))
    case .snapshot:
      hear(message.from)
      let restored = try restore(message.snapshot)
      send(Message(.appendResponse, to: message.from, index: restored ? log.lastIndex : log.committed))
    case .transferLeader, .readIndex:
      if leader != .none { forward(message) }
    case .timeoutNow: campaignForTransfer()
    case .readIndexResponse: readStates.append(ReadState(index: message.index, context: message.context))
    default: break
    }
  }

  private mutating func forward(_ message: Message) {
    var message = message
    message.to = leader
    let sender = message.from
    send(message)
    // The leader answers, or hands over to, the one who asked.
    if sender != .none { messages[messages.count - 1].from = sender }
  }

  private mutating func hear(_ leader: MemberID) {
    electionElapsed = 0
    self.leader = leader
  }

  /// To be elected without waiting, when the leader is known to be gone.
  mutating func forgetLeader() {
    // A lease rests on members not doing that.
    guard role == .follower, options.readOnly != .lease else { return }
    leader = .none
  }

  private mutating func take(_ message: Message) throws(RaftError) {
    guard Self.isConsistent(message) else { throw .malformed }
    let previous = LogPosition(term: message.logTerm, index: message.index)
    if previous.index < log.committed { return send(Message(.appendResponse, to: message.from, index: log.committed)) }
    if let last = try log.append(message.entries, after: previous, commit: message.commit) {
      return send(Message(.appendResponse, to: message.from, index: last))
    }
    // A guess at where the logs agree that skips this member's own, later terms at once.
    let hint = log.conflict(at: min(previous.index, log.lastIndex), term: previous.term)
    send(
      Message(.appendResponse, to: message.from, logTerm: hint.term ?? 0, index: previous.index, isRejection: true, rejectHint: hint.index))
  }

  /// Positions follow one another, terms never go down and none is beyond the leader's.
  private static func isConsistent(_ message: Message) -> Bool {
    var (index, term) = (message.index, message.logTerm)
    guard term <= message.term, index < LogPosition.limit else { return false }
    for entry in message.entries {
      index += 1
      guard entry.index == index, entry.term >= term, entry.term <= message.term else { return false }
      term = entry.term
    }
    return true
  }

  /// False when the snapshot brings nothing.
  private mutating func restore(_ snapshot: Snapshot?) throws(RaftError) -> Bool {
    guard let snapshot else { throw .malformed }
    let metadata = snapshot.metadata
    guard metadata.index > log.committed else { return false }
    guard metadata.index < LogPosition.limit, metadata.term <= term else { throw .malformed }
    let configuration = metadata.configuration
    // Outgoing voters include those that become learners.
    let members = configuration.voters.union(configuration.votersOutgoing).union(configuration.learners)
    guard members.contains(id) else { return false }
    if log.matches(snapshot.position) {
      try log.commit(to: metadata.index)
      return false
    }
    let empty = ProgressTracker(inflights: Inflights(messageLimit: options.maxInflightMessages, byteLimit: options.maxInflightBytes))
    let restored = try ConfigurationChanger.restore(configuration, into: empty, lastIndex: metadata.index)
    log.restore(snapshot)
    _ = adopt(restored)
    return true
  }
}
