/// What members tell one another, and what a member's disk and state machine tell it. Which fields matter depends on the kind.
package struct Message: Hashable, Sendable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// Entries for the leader to append; forwarded by followers.
    case propose = 1
    /// AppendEntries of the paper.
    case append
    case appendResponse
    /// RequestVote of the paper.
    case vote
    case voteResponse
    case preVote
    case preVoteResponse
    case heartbeat
    case heartbeatResponse
    /// InstallSnapshot of the paper.
    case snapshot
    /// Asks the leader to hand leadership over to the sender; forwarded by followers.
    case transferLeader
    /// Begin an election at once: the old leader wants it.
    case timeoutNow
    case readIndex
    case readIndexResponse
    /// From this member's own disk: what it was given to write is written.
    case storageAppendResponse
    /// From this member's own state machine: what it was given to apply is applied.
    case storageApplyResponse

    /// Never from another member.
    package var isLocal: Bool { self == .storageAppendResponse || self == .storageApplyResponse }

    /// Whether it is meant for one term: without one, it must not be taken.
    var isOfTerm: Bool {
      switch self {
      case .propose, .readIndex, .storageAppendResponse, .storageApplyResponse: false
      default: true
      }
    }

    /// Means something only from a member.
    var isResponse: Bool {
      switch self {
      case .appendResponse, .voteResponse, .preVoteResponse, .heartbeatResponse, .readIndexResponse: true
      default: false
      }
    }
  }

  package var kind: Kind
  package var to: MemberID
  package var from: MemberID
  /// 0 in what is not bound to a term: forwarded requests, and what the state machine says.
  package var term: Term
  /// With `index`, the position that the entries of an append follow, where the sender's log ends, or how far it is committed.
  package var logTerm: Term
  package var index: LogIndex
  package var entries: [Entry]
  package var commit: LogIndex
  package var snapshot: Snapshot?
  package var isRejection: Bool
  /// With a refused append: the logs cannot agree beyond this index.
  package var rejectHint: LogIndex
  /// With a vote request: the leader itself asked for this election, so nobody need wait until it is given up.
  package var isTransfer: Bool
  /// With a heartbeat and its answer: confirms the leader's first so many reads. 0 confirms none.
  package var readPosition: UInt64
  /// With a read request and its answer: the requester's own mark.
  package var context: [UInt8]

  package init(
    _ kind: Kind, to: MemberID = .none, from: MemberID = .none, term: Term = 0, logTerm: Term = 0, index: LogIndex = 0, entries: [Entry] = [],
    commit: LogIndex = 0, snapshot: Snapshot? = nil, isRejection: Bool = false, rejectHint: LogIndex = 0, isTransfer: Bool = false,
    readPosition: UInt64 = 0, context: [UInt8] = []
  ) {
    self.kind = kind
    self.to = to
    self.from = from
    self.term = term
    self.logTerm = logTerm
    self.index = index
    self.entries = entries
    self.commit = commit
    self.snapshot = snapshot
    self.isRejection = isRejection
    self.rejectHint = rejectHint
    self.isTransfer = isTransfer
    self.readPosition = readPosition
    self.context = context
  }

  /// Speaks for its term: a vote, or anything a member says as leader or follower of that term. Must not leave before the term is on the
  /// sender's disk: after a crash it might speak for that term again, with another log.
  package var isBoundToTerm: Bool {
    switch kind {
    case .propose, .readIndex, .preVote, .preVoteResponse: false
    default: true
    }
  }

  /// Where the sender's log ends, in a vote request; how far it is committed, in a refused one.
  var position: LogPosition { LogPosition(term: logTerm, index: index) }
}
