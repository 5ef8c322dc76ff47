/// A Raft member as its owner sees it: put in time, messages and requests; take out a `Ready` and act on it. A value, for one owner at a time.
///
/// After the design of etcd's (https://pkg.go.dev/go.etcd.io/raft/v3), so that the two can be compared step by step.
package struct RawNode: Sendable {
  private var core: RaftCore
  private var lastSoftState: SoftState
  private var lastHardState: HardState

  /// - Parameters:
  ///   - hardState: as last written; empty for a new member.
  ///   - configuration: as of the end of `stable`'s snapshot or of `applied`, whichever is later.
  ///   - applied: what the state machine has already; not handed out again.
  ///   - random: decides when elections begin.
  /// - Throws: `RaftError.invalidState`, `.invalidChange` when these do not fit together.
  package init(
    options: RaftOptions, hardState: HardState = HardState(), configuration: ConfigurationState = ConfigurationState(),
    stable: StableLog = StableLog(), applied: LogIndex = 0, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) throws(RaftError) {
    core = try RaftCore(
      options: options, hardState: hardState, configuration: configuration, stable: stable, applied: applied, random: random)
    lastSoftState = core.softState
    lastHardState = core.hardState
  }

  // MARK: In

  package mutating func tick() { core.tick() }

  /// Begins an election without waiting, if this member may.
  package mutating func campaign() { core.campaign() }

  /// Adds commands to the log, together or not at all. Whether they were committed shows when they are applied.
  /// - Throws: `.proposalDropped`.
  package mutating func propose(_ commands: [[UInt8]]) throws(RaftError) {
    try core.step(Message(.propose, from: core.id, entries: commands.map { Entry(data: $0) }))
  }

  /// Proposes a change of members. It takes effect when the owner finds it among the committed entries and calls `apply`.
  /// - Parameter asSingle: in the form that knows neither several steps nor transitions.
  /// - Throws: `.proposalDropped`.
  package mutating func propose(_ change: ConfigurationChange, asSingle: Bool = false) throws(RaftError) {
    try core.step(Message(.propose, from: core.id, entries: [Entry(kind: asSingle ? .singleChange : .configurationChange, data: change.encoded)]))
  }

  /// To be called for each change of members among the committed entries, with `ConfigurationChange()` for one that was refused.
  /// - Throws: `.invalidChange`; the configuration stays as it is then.
  @discardableResult
  package mutating func apply(_ change: ConfigurationChange) throws(RaftError) -> ConfigurationState { try core.apply(change) }

  /// Takes a message from another member, or one that this member sent to itself.
  /// - Throws: why it was not taken. The member goes on; but after `.logLost` and `.conflictsWithCommitted` its log is not to be trusted.
  package mutating func step(_ message: Message) throws(RaftError) {
    if message.kind.isLocal, message.from != core.id { throw .localMessage }
    if message.kind.isResponse, core.tracker[message.from] == nil { throw .unknownMember(message.from) }
    guard message.to == core.id, message.from != .none else { throw .malformed }
    guard message.term < LogPosition.limit, message.term != 0 || !message.kind.isOfTerm else { throw .malformed }
    try core.step(message)
  }

  /// Asks from where on a read is linearizable; the answer is a `ReadState` with the same context. None comes when the leader changes.
  package mutating func readIndex(context: [UInt8]) { try? core.step(Message(.readIndex, context: context)) }

  package mutating func transferLeadership(to member: MemberID) { try? core.step(Message(.transferLeader, from: member)) }

  /// For when the leader is known to be gone: votes, also this member's own, need not wait for an election timeout.
  package mutating func forgetLeader() { core.forgetLeader() }

  package mutating func reportUnreachable(_ member: MemberID) { core.reportUnreachable(member) }
  /// What became of the snapshot sent to a member. Has to be called, or nothing else is sent to it.
  package mutating func reportSnapshot(_ member: MemberID, succeeded: Bool) { core.reportSnapshot(member, succeeded: succeeded) }

  /// To keep the picture of the disk true: after what a `Ready` named was written, and after compaction.
  package mutating func changeStableLog<Result>(_ body: (inout StableLog) -> Result) -> Result { body(&core.log.stable) }

  // MARK: Out

  package var hasReady: Bool {
    core.softState != lastSoftState || (core.hardState != lastHardState && !core.hardState.isEmpty) || core.log.hasNextUnstableSnapshot
      || !core.messages.isEmpty || !core.messagesAfterAppend.isEmpty || core.log.hasNextUnstableEntries
      || core.log.hasNextCommitted(allowUnstable: allowsUnstable) || !core.readStates.isEmpty
  }

  /// Takes out what is to be done; it is not handed out again.
  package mutating func ready() -> Ready {
    var ready = Ready()
    if core.softState != lastSoftState {
      ready.softState = core.softState
      lastSoftState = core.softState
    }
    let hardState = core.hardState
    ready.entries = core.log.nextUnstableEntries
    ready.mustSync = !ready.entries.isEmpty || hardState.term != lastHardState.term || hardState.vote != lastHardState.vote
    if hardState != lastHardState {
      if !hardState.isEmpty { ready.hardState = hardState }
      lastHardState = hardState
    }
    ready.snapshot = core.log.nextUnstableSnapshot
    ready.committedEntries = core.log.nextCommitted(allowUnstable: allowsUnstable)
    swap(&ready.readStates, &core.readStates)
    swap(&ready.messages, &core.messages)
    swap(&ready.messagesAfterAppend, &core.messagesAfterAppend)
    if ready.hasAppend, let stored = core.storageAppendResponse(snapshot: ready.snapshot) { ready.messagesAfterAppend.append(stored) }
    if !ready.committedEntries.isEmpty {
      ready.messagesAfterApply = [Message(.storageApplyResponse, to: core.id, from: core.id, entries: ready.committedEntries)]
    }
    core.log.acceptUnstable()
    core.log.acceptApplying(ready.committedEntries, allowUnstable: allowsUnstable)
    return ready
  }

  /// Steps what a `Ready` has for the member itself, once all of it was done. Not with asynchronous writes.
  package mutating func advance(_ ready: Ready) {
    for message in ready.messagesAfterAppend + ready.messagesAfterApply where message.to == core.id { try? core.step(message) }
  }

  private var allowsUnstable: Bool { !core.options.asyncStorageWrites }
}

// MARK: A look inside

extension RawNode {
  package var id: MemberID { core.id }
  package var hardState: HardState { core.hardState }
  package var softState: SoftState { core.softState }
  package var isLeader: Bool { core.role == .leader }
  /// A change of members is on its way or joint: as leader, this member turns others into empty entries.
  package var isChangingMembers: Bool { core.pendingChangeIndex > core.log.applied || core.tracker.configuration.isJoint }
  package var transferee: MemberID { core.transferee }
  package var configuration: Configuration { core.tracker.configuration }
  package var log: RaftLog { core.log }
  /// What a leader knows of the others; of no meaning elsewhere.
  package var progress: [(member: MemberID, progress: Progress)] { core.tracker.ids.compactMap { id in core.tracker[id].map { (id, $0) } } }
  package func progress(of member: MemberID) -> Progress? { core.tracker[member] }

  /// Fixes what chance decides otherwise, for tests: the ticks until the next election, until a role or term changes.
  package mutating func setElectionTimeout(_ ticks: Int) { core.electionTimeout = ticks }
}

extension RaftCore {
  /// Says that everything handed out so far is written. With the newest position: if part of it is replaced before that, the term tells.
  func storageAppendResponse(snapshot: Snapshot?) -> Message? {
    guard log.hasUnstable || snapshot != nil else { return nil }
    var message = Message(.storageAppendResponse, to: id, from: id, term: term)
    if log.hasUnstable {
      message.index = log.last.index
      message.logTerm = log.last.term
    }
    message.snapshot = snapshot.map { Snapshot(metadata: $0.metadata) }
    return message
  }
}
