import ClusterModel
import Dispatch
package import Logging
import NIOConcurrencyHelpers
package import Raft
package import RaftStorage

/// This manager's member of the cluster's Raft group, as long as it is the only one: takes proposals, writes the log, applies what is
/// committed, and leads.
///
/// `RawNode` decides; here its decisions are carried out. The log is written on one thread and applied on another, so that proposals that
/// come in while a batch is being synced go into the next one together, and a slow state machine delays nothing else.
package final class RaftMember: ReplicatedLog, Sendable {
  package struct Limits: Sendable {
    /// Beyond either, proposals are refused instead of queued.
    package var waitingProposals = 8192
    package var waitingBytes = 64 << 20
    /// Of the entries applied at a time.
    package var applyBytes = 4 << 20
    /// A snapshot is taken and the log compacted after this many entries or bytes.
    package var entriesPerSnapshot = 10_000
    package var bytesPerSnapshot = 16 << 20

    package init() {}
  }

  struct Proposal {
    var continuation: CheckedContinuation<LogIndex, any Error>
    var bytes: Int
  }

  /// What is to be written together, and said once it is on the disk.
  struct WriteJob {
    var write: LogWrite
    var messages: [Message]
  }

  struct State {
    var node: RawNode
    var session: UInt64
    var nextSequence: UInt64 = 1
    var proposals: [UInt64: Proposal] = [:]
    var waitingBytes = 0
    /// Reads that wait until a leadership is confirmed, by the number in their context; then until an index is applied.
    var reads: [UInt64: CheckedContinuation<LogIndex, any Error>] = [:]
    var confirmedReads: [(index: LogIndex, continuation: CheckedContinuation<LogIndex, any Error>)] = []
    var writes: [WriteJob] = []
    var isWriting = false
    var applies: [(entries: [Entry], messages: [Message])] = []
    var isApplying = false
    var applied: LogIndex = 0
    var leadership = Leadership(term: 0, isLeader: false)
    var snapshots: SnapshotSchedule
    /// The disk had no room: nothing is proposed until it has.
    var isDiskFull = false
    /// Why nothing can be proposed any more.
    var end: WarrenError?
    var failed = false
    /// `run()`, waiting for the end.
    var runner: CheckedContinuation<Void, any Error>?
    var leadershipReaders: [AsyncStream<Leadership>.Continuation] = []
  }

  let storage: LogDatabase
  let machine: SessionStateMachine
  let limits: Limits
  let logger: Logger
  let metrics = LogMetrics()
  let state: NIOLockedValueBox<State>
  /// Where the database is written.
  let writeThread = DispatchQueue(label: "warren.log")
  /// Where commands are applied.
  let applyThread = DispatchQueue(label: "warren.apply")
  let snapshotThread = DispatchQueue(label: "warren.snapshot", qos: .utility)

  /// Brings the state machine to where the log is, and leads.
  /// - Throws: `.dataLoss` when the log is damaged or newer than this version of warren; `.failedPrecondition` when it has other members;
  ///   `.resourceExhausted` when the disk has no room for the beginning of a term.
  package static func start(
    storage: LogDatabase, stateMachine: any ReplicatedStateMachine, limits: Limits = Limits(), logger: Logger
  ) async throws -> RaftMember {
    let member = try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "warren.log.open").async {
        continuation.resume(
          with: Result { try RaftMember(storage: storage, machine: SessionStateMachine(stateMachine), limits: limits, logger: logger) })
      }
    }
    member.change { $0.node.campaign() }
    // Everything in the log is committed by the first entry of the new term, and a read is answered after that.
    _ = try await member.readBarrier()
    logger.info(
      "log.opened", metadata: ["index": "\(storage.lastIndex)", "snapshot": "\(storage.snapshot.index)", "term": "\(member.leadership.term)"])
    return member
  }

  private init(storage: LogDatabase, machine: SessionStateMachine, limits: Limits, logger: Logger) throws {
    self.storage = storage
    self.machine = machine
    self.limits = limits
    self.logger = logger
    let snapshot = storage.snapshot
    let id = MemberID(rawValue: storage.identity.memberID)
    guard snapshot.configuration == ConfigurationState(voters: [id]) else {
      throw WarrenError(
        .failedPrecondition,
        "The log in \(storage.location.directory) belongs to a cluster with other managers, which this version of warren cannot speak to. Install a newer one."
      )
    }
    if let (info, data) = try storage.readSnapshot() { try machine.restore(data, index: info.index) }
    let node = try Self.node(storage, stable: try storage.stableLog(), limits: limits)
    let schedule = SnapshotSchedule(entries: limits.entriesPerSnapshot, bytes: limits.bytesPerSnapshot)
    state = NIOLockedValueBox(State(node: node, session: .random(in: 1...(.max)), applied: snapshot.index, snapshots: schedule))
  }

  /// As what is on the disk has it.
  static func node(_ storage: LogDatabase, stable: StableLog, applied: LogIndex? = nil, limits: Limits) throws -> RawNode {
    var options = RaftOptions(id: MemberID(rawValue: storage.identity.memberID))
    options.maxApplyingSize = limits.applyBytes
    let applied = applied ?? stable.base.index
    var hardState = storage.hardState
    if !hardState.isEmpty { hardState.commit = max(hardState.commit, applied) }
    do {
      return try RawNode(
        options: options, hardState: hardState, configuration: storage.snapshot.configuration, stable: stable, applied: applied)
    } catch {
      throw WarrenError(
        .dataLoss,
        "The log in \(storage.location.directory) contradicts itself (\(error)). See what can be kept with: \(storage.location.recoverCommand)")
    }
  }

  package func propose(_ command: [UInt8]) async throws -> LogIndex {
    let start = ContinuousClock.now
    do {
      let index = try await enqueue(command)
      metrics.stored(in: ContinuousClock.now - start)
      return index
    } catch {
      metrics.failed(with: error)
      throw error
    }
  }

  private func enqueue(_ command: [UInt8]) async throws -> LogIndex {
    if command.count > maximumCommandSize {
      throw WarrenError(
        .invalidArgument, "This change is too large: \(command.count) bytes, at most \(maximumCommandSize). Split it into smaller ones.")
    }
    return try await withCheckedThrowingContinuation { continuation in
      let refused: WarrenError? = change { state in
        if let end = state.end { return end }
        if state.isDiskFull { return Self.diskFull(storage) }
        if state.proposals.count >= limits.waitingProposals || state.waitingBytes + command.count > limits.waitingBytes {
          return WarrenError(
            .resourceExhausted,
            "More changes wait for the disk than it keeps up with (\(state.proposals.count)). Nothing was stored; try again later.")
        }
        let sequence = state.nextSequence
        let envelope = ProposalEnvelope(
          session: state.session, sequence: sequence, floor: state.proposals.keys.min() ?? sequence, command: command)
        do { try state.node.propose([envelope.bytes]) } catch {
          return WarrenError(.unavailable, "This manager does not lead now. Nothing was stored; try again.")
        }
        state.nextSequence += 1
        state.proposals[sequence] = Proposal(continuation: continuation, bytes: command.count)
        state.waitingBytes += command.count
        return nil
      }
      if let refused { continuation.resume(throwing: refused) }
    }
  }

  package func readBarrier() async throws -> LogIndex {
    try await withCheckedThrowingContinuation { continuation in
      let refused: WarrenError? = change { state in
        if let end = state.end { return end }
        let number = state.nextSequence
        state.nextSequence += 1
        state.reads[number] = continuation
        state.node.readIndex(context: number.littleEndianBytes)
        return nil
      }
      if let refused { continuation.resume(throwing: refused) }
    }
  }

  package var leadership: Leadership { state.withLockedValue { $0.leadership } }

  package func leadershipChanges() -> AsyncStream<Leadership> {
    let (stream, continuation) = AsyncStream.makeStream(of: Leadership.self, bufferingPolicy: .bufferingNewest(1))
    let ended = state.withLockedValue { state in
      continuation.yield(state.leadership)
      if state.end == nil { state.leadershipReaders.append(continuation) }
      return state.end != nil
    }
    if ended { continuation.finish() }
    return stream
  }
}
