extension RaftCore {
  /// Begins an election, unless this member cannot win one.
  mutating func campaign() { hup(preVote: options.preVote, isTransfer: false) }

  /// Without pre-vote: the old leader itself asked for it.
  mutating func campaignForTransfer() { hup(preVote: false, isTransfer: true) }

  private mutating func hup(preVote: Bool, isTransfer: Bool) {
    // With a change of members that is committed but not applied, it might count the wrong votes.
    guard role != .leader, isPromotable, !hasUnappliedChange else { return }
    candidacies += 1
    requestVotes(preVote: preVote, isTransfer: isTransfer)
  }

  var hasUnappliedChange: Bool {
    guard log.applied < log.committed else { return false }
    return log.slice((log.applied + 1)..<(log.committed + 1))?.contains { $0.kind != .command } ?? false
  }

  private mutating func requestVotes(preVote: Bool, isTransfer: Bool) {
    if preVote { becomePreCandidate() } else { becomeCandidate() }
    drawCandidateRetry()
    let asked = preVote ? term + 1 : term
    let last = log.last
    for member in tracker.configuration.voters.members {
      if member == id {
        // The own vote counts once it is on the disk, like any other.
        send(Message(preVote ? .preVoteResponse : .voteResponse, to: id, term: asked))
      } else {
        send(
          Message(preVote ? .preVote : .vote, to: member, term: asked, logTerm: last.term, index: last.index, isTransfer: isTransfer))
      }
    }
  }

  /// Changes neither term nor vote: asking costs nobody anything.
  private mutating func becomePreCandidate() {
    tracker.resetVotes()
    leader = .none
    role = .preCandidate
  }

  private mutating func becomeCandidate() {
    reset(term + 1)
    vote = id
    role = .candidate
  }

  private mutating func becomeLeader() {
    reset(term)
    leader = id
    role = .leader
    candidacies = 0
    _ = tracker.change(id) {
      $0.becomeReplicate()
      $0.recentActive = true
    }
    // Some entry of the log may be a change of members: no other before all of it is applied.
    pendingChangeIndex = log.lastIndex
    // Entries of earlier terms are committed by way of one of the own (Raft paper, 5.4.2).
    _ = appendAsLeader([Entry()])
  }

  mutating func stepCandidate(_ message: Message) throws(RaftError) {
    switch message.kind {
    case .propose: throw .proposalDropped
    case .append, .heartbeat, .snapshot:
      becomeFollower(message.term, leader: message.from)
      try stepFollower(message)
    case .preVoteResponse where role == .preCandidate, .voteResponse where role == .candidate:
      tracker.record(message.from, granted: !message.isRejection)
      switch tracker.tally {
      case .won where role == .preCandidate: requestVotes(preVote: false, isTransfer: false)
      case .won:
        becomeLeader()
        broadcastAppend()
      case .lost: becomeFollower(term, leader: .none)
      case .pending: break
      }
    default: break
    }
  }
}
