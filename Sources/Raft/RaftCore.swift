/// The Raft state machine: takes ticks, messages and proposals, and changes its state and what is to be sent. It does nothing else: no clock,
/// no disk, no network (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm"; Ongaro's thesis for the extensions).
struct RaftCore: Sendable {
  let options: RaftOptions
  var term: Term = 0
  var vote = MemberID.none
  var role = Role.follower
  var leader = MemberID.none
  var log: RaftLog
  var tracker: ProgressTracker

  /// Whom leadership is being handed to.
  var transferee = MemberID.none
  /// A change of members at or before it may not be applied yet; no other is begun before.
  var pendingChangeIndex: LogIndex = 0
  /// Payload bytes proposed and not applied. Too small after a change of leader, never too large.
  var uncommittedSize = 0

  var reads = ReadIndexQueue()
  /// Wait until an entry of the own term is committed.
  var earlyReads: [Message] = []
  var readStates: [ReadState] = []

  var electionElapsed = 0
  var heartbeatElapsed = 0
  /// Ticks until an election, drawn anew each time so that candidates rarely meet (Raft paper, 5.2).
  var electionTimeout = 0
  /// Elections begun since a leader was heard of.
  var candidacies = 0
  var random: any RandomNumberGenerator & Sendable

  /// To be sent at once.
  var messages: [Message] = []
  /// To be sent once everything appended and voted so far is on the disk: they promise it.
  var messagesAfterAppend: [Message] = []

  init(
    options: RaftOptions, hardState: HardState, configuration: ConfigurationState, stable: StableLog, applied: LogIndex,
    random: any RandomNumberGenerator & Sendable
  ) throws(RaftError) {
    if let reason = options.contradiction { throw .invalidState(reason) }
    self.options = options
    self.random = random
    log = RaftLog(stable: stable, applyingLimit: options.maxApplyingSize)
    let inflights = Inflights(messageLimit: options.maxInflightMessages, byteLimit: options.maxInflightBytes)
    tracker = ProgressTracker(inflights: inflights)
    tracker.adopt(try ConfigurationChanger.restore(configuration, into: tracker, lastIndex: log.lastIndex))
    if !hardState.isEmpty {
      try log.recover(commit: hardState.commit, applied: applied)
      term = hardState.term
      vote = hardState.vote
    } else {
      try log.recover(commit: log.committed, applied: applied)
    }
    becomeFollower(term, leader: .none)
  }

  var id: MemberID { options.id }
  var hardState: HardState { HardState(term: term, vote: vote, commit: log.committed) }
  var softState: SoftState { SoftState(leader: leader, role: role) }

  /// May become the leader: it is a voter, as far as it knows, and not in the middle of receiving a snapshot.
  var isPromotable: Bool { tracker[id]?.isLearner == false && !log.hasPendingSnapshot }

  /// See `RaftOptions.candidateRetryTicks`.
  mutating func drawCandidateRetry() {
    guard let retry = options.candidateRetryTicks else { return }
    electionElapsed = 0
    drawElectionTimeout()
    electionTimeout = min(electionTimeout, Int.random(in: retry, using: &random) << min(candidacies - 1, 16))
  }

  mutating func drawElectionTimeout() {
    electionTimeout = options.electionTicks + Int.random(in: 0..<options.electionTicks, using: &random)
  }

  /// Queues a message with the sender and, where it belongs to one, the term.
  mutating func send(_ message: Message) {
    var message = message
    message.from = id
    switch message.kind {
    case .vote, .voteResponse, .preVote, .preVoteResponse: break  // the term that is asked for, not always the own one
    case .propose, .readIndex: break  // not bound to a term: forwarded
    default: message.term = term
    }
    switch message.kind {
    // They promise what is in the log or who was voted for, so that must be on the disk first (Raft thesis, 3.8). A refusal, too, may rest
    // on what is not there yet.
    case .appendResponse, .voteResponse, .preVoteResponse: messagesAfterAppend.append(message)
    default: messages.append(message)
    }
  }

  mutating func reset(_ term: Term) {
    if self.term != term {
      self.term = term
      vote = .none
    }
    leader = .none
    electionElapsed = 0
    heartbeatElapsed = 0
    drawElectionTimeout()
    transferee = .none
    tracker.resetVotes()
    let last = log.lastIndex
    for member in tracker.ids {
      guard let progress = tracker[member] else { continue }
      tracker[member] = tracker.fresh(match: member == id ? last : 0, next: last + 1, isLearner: progress.isLearner)
    }
    pendingChangeIndex = 0
    uncommittedSize = 0
    reads = ReadIndexQueue()
    earlyReads = []
  }

  mutating func becomeFollower(_ term: Term, leader: MemberID) {
    reset(term)
    self.leader = leader
    role = .follower
    if leader != .none { candidacies = 0 }
  }
}

// MARK: Time

extension RaftCore {
  mutating func tick() {
    if role == .leader { tickLeader() } else { tickElection() }
  }

  private mutating func tickElection() {
    electionElapsed += 1
    if isPromotable, electionElapsed >= electionTimeout {
      electionElapsed = 0
      campaign()
    }
  }

  private mutating func tickLeader() {
    heartbeatElapsed += 1
    electionElapsed += 1
    if electionElapsed >= options.electionTicks {
      electionElapsed = 0
      if options.checkQuorum { checkQuorum() }
      // Whoever was to take over did not: go on leading.
      if role == .leader { transferee = .none }
    }
    guard role == .leader, heartbeatElapsed >= options.heartbeatTicks else { return }
    heartbeatElapsed = 0
    broadcastHeartbeat()
  }

  /// Gives up when no quorum was heard of since the last time: someone else may lead by now.
  private mutating func checkQuorum() {
    if !tracker.isQuorumActive { becomeFollower(term, leader: .none) }
    let id = id
    tracker.changeAll { if $0 != id { $1.recentActive = false } }
  }
}
