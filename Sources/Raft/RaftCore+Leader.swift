extension RaftCore {
  mutating func stepLeader(_ message: Message) throws(RaftError) {
    switch message.kind {
    case .propose: try propose(message.entries)
    case .readIndex: read(message)
    case .appendResponse: acknowledge(message)
    case .heartbeatResponse: heard(message)
    case .transferLeader: transfer(to: message.from)
    default: break
    }
  }

  /// Appends to the own log and sends on.
  /// - Throws: `.proposalDropped`; `.malformed` for a change of members that cannot be read.
  mutating func propose(_ proposed: [Entry]) throws(RaftError) {
    guard !proposed.isEmpty else { throw .malformed }
    guard tracker[id] != nil, transferee == .none else { throw .proposalDropped }
    var entries = proposed
    var pending = pendingChangeIndex
    for place in entries.indices where entries[place].kind != .command {
      let change = try ConfigurationChange(encoded: entries[place].data)
      if options.validatesConfigurationChanges, !mayChange(change, pending: pending) {
        // In its place, so that indexes stay what the others proposed along expect.
        entries[place] = Entry()
      } else {
        pending = log.lastIndex + UInt64(place) + 1
      }
    }
    guard appendAsLeader(entries) else { throw .proposalDropped }
    pendingChangeIndex = pending
    broadcastAppend()
  }

  private func mayChange(_ change: ConfigurationChange, pending: LogIndex) -> Bool {
    if pending > log.applied { return false }
    // A joint configuration must be left before anything else, and only a joint one can be left.
    return tracker.configuration.isJoint == change.steps.isEmpty
  }

  /// False when too much is uncommitted already. Empty entries always go.
  mutating func appendAsLeader(_ proposed: [Entry]) -> Bool {
    let size = proposed.payloadSize
    if uncommittedSize > 0, size > 0, uncommittedSize + size > options.maxUncommittedSize { return false }
    uncommittedSize += size
    var entries = proposed
    let last = log.lastIndex
    for place in entries.indices {
      entries[place].term = term
      entries[place].index = last + 1 + UInt64(place)
    }
    log.append(entries)
    // The own acknowledgement counts once the entries are on the disk, like any other.
    send(Message(.appendResponse, to: id, index: log.lastIndex))
    return true
  }

  // MARK: Handing leadership over (Raft thesis, 3.10)

  mutating func transfer(to member: MemberID) {
    guard let progress = tracker[member], !progress.isLearner, transferee != member else { return }
    transferee = .none
    if member == id { return }
    // It has an election timeout to take over.
    electionElapsed = 0
    transferee = member
    if progress.match == log.lastIndex {
      send(Message(.timeoutNow, to: member))
    } else {
      sendAppend(to: member)
    }
  }

  // MARK: Reads without the log (Raft thesis, 6.4)

  private mutating func read(_ message: Message) {
    // What earlier leaders committed, or this member itself before a restart, is not known before.
    guard log.term(log.committed) == term else { return earlyReads.append(message) }
    confirm(message)
  }

  private mutating func confirm(_ message: Message) {
    switch options.readOnly {
    // Nobody else could lead.
    case .safe where tracker.isSingleton: answer(read: message, at: log.committed)
    case .safe:
      reads.add(.init(from: message.from, context: message.context, index: log.committed))
      reads.acknowledge(id, position: reads.position)
      broadcastHeartbeat()
    case .lease: answer(read: message, at: log.committed)
    }
  }

  /// To be called when an entry of the own term was committed.
  mutating func confirmEarlyReads() {
    guard !earlyReads.isEmpty, log.term(log.committed) == term else { return }
    let early = earlyReads
    earlyReads = []
    for message in early { confirm(message) }
  }

  private mutating func heard(_ message: Message) {
    guard let progress = tracker[message.from] else { return }
    _ = tracker.change(message.from) {
      $0.recentActive = true
      $0.isFlowPaused = false
    }
    // It misses something, or it is not known what: a message may have been lost.
    if progress.match < log.lastIndex || progress.state == .probe { sendAppend(to: message.from) }
    guard options.readOnly == .safe, message.readPosition != 0 else { return }
    reads.acknowledge(message.from, position: message.readPosition)
    answerConfirmedReads()
  }

  /// To be called when a voter confirmed this leader, or when others became the voters.
  mutating func answerConfirmedReads() {
    for request in reads.advance(tracker.configuration.voters) {
      answer(read: Message(.readIndex, from: request.from, context: request.context), at: request.index)
    }
  }

  private mutating func answer(read message: Message, at index: LogIndex) {
    if message.from == .none || message.from == id {
      readStates.append(ReadState(index: index, context: message.context))
    } else {
      send(Message(.readIndexResponse, to: message.from, index: index, context: message.context))
    }
  }
}
