// What a message means depends on its term first, then on the role.
extension RaftCore {
  mutating func step(_ message: Message) throws(RaftError) {
    learnCommit(message)
    if message.term > term {
      guard takeNewerTerm(message) else { return }
    } else if message.term < term, message.term != 0 {
      return answerOlderTerm(message)
    }
    switch message.kind {
    case .vote, .preVote: answerVote(message)
    case .storageAppendResponse: stored(message)
    case .storageApplyResponse:
      if let last = message.entries.last { applied(through: last.index, size: message.entries.totalSize) }
      uncommittedSize = max(0, uncommittedSize - message.entries.payloadSize)
    default:
      switch role {
      case .leader: try stepLeader(message)
      case .candidate, .preCandidate: try stepCandidate(message)
      case .follower: try stepFollower(message)
      }
    }
  }

  /// False when the message is to be ignored.
  private mutating func takeNewerTerm(_ message: Message) -> Bool {
    switch message.kind {
    case .vote, .preVote:
      // Someone who cannot hear the leader must not unseat it for those who can (Raft thesis, 4.2.3).
      let hearsLeader = options.checkQuorum && leader != .none && electionElapsed < options.electionTicks
      if hearsLeader && !message.isTransfer { return false }
      if message.kind == .vote { becomeFollower(message.term, leader: .none) }
    // Granted for the term that the election would have; it is not there yet.
    case .preVoteResponse where !message.isRejection: break
    case .append, .heartbeat, .snapshot: becomeFollower(message.term, leader: message.from)
    default: becomeFollower(message.term, leader: .none)
    }
    return true
  }

  private mutating func answerOlderTerm(_ message: Message) {
    switch message.kind {
    // A leader that nobody told of the newer term. With pre-vote and check-quorum, this member may be stuck in it: nobody takes over its
    // term from a vote request. The answer makes the old leader step down, so that all agree on a term again.
    case .append, .heartbeat:
      if options.checkQuorum || options.preVote { send(Message(.appendResponse, to: message.from)) }
    // Without an answer, members with and without pre-vote could wait for one another.
    case .preVote: refuse(message)
    // Entries written in an earlier term may have been replaced meanwhile, by others with the same index. A snapshot stays true.
    case .storageAppendResponse:
      if let snapshot = message.snapshot { stored(snapshot) }
    default: break
    }
  }

  private mutating func answerVote(_ message: Message) {
    let isPreVote = message.kind == .preVote
    let mayVote = vote == message.from || (vote == .none && leader == .none) || (isPreVote && message.term > term)
    // A learner votes, too: it may have been made a voter without knowing it yet, and the candidate knows.
    guard mayVote, log.isUpToDate(message.position) else { return refuse(message) }
    // With the term that was asked about: an answer with the own, older one would be ignored.
    send(Message(isPreVote ? .preVoteResponse : .voteResponse, to: message.from, term: message.term))
    if !isPreVote {
      electionElapsed = 0
      vote = message.from
    }
  }

  private mutating func refuse(_ request: Message) {
    let answer: Message.Kind = request.kind == .preVote ? .preVoteResponse : .voteResponse
    var refusal = Message(answer, to: request.from, term: term, isRejection: true)
    if options.refusalsTellCommit {
      refusal.index = log.committed
      refusal.logTerm = log.term(log.committed) ?? 0
    }
    send(refusal)
  }

  /// What is committed stays so, whatever the term: with the same entry at that place, the log up to there is committed here, too.
  private mutating func learnCommit(_ message: Message) {
    guard message.isRejection, message.kind == .preVoteResponse || message.kind == .voteResponse, role != .leader else { return }
    guard log.commit(message.position) else { return }
    // A change of members among it decides whose votes count: not in the middle of this election.
    if role != .follower, hasUnappliedChange { becomeFollower(term, leader: .none) }
  }

  private mutating func stored(_ message: Message) {
    if message.index != 0 { log.stable(through: message.position) }
    if let snapshot = message.snapshot { stored(snapshot) }
  }

  private mutating func stored(_ snapshot: Snapshot) {
    log.stableSnapshot(snapshot.metadata.index)
    applied(through: snapshot.metadata.index, size: 0)
  }

  private mutating func applied(through index: LogIndex, size: Int) {
    log.applied(through: index, size: size)
    guard role == .leader, tracker.configuration.autoLeave, log.applied >= pendingChangeIndex else { return }
    // Dropped while leadership is handed over; then the next entry that is applied, or the next leader, tries again.
    try? propose([Entry(kind: .configurationChange)])
  }
}
