import ClusterModel
import Dispatch
package import Logging
import NIOConcurrencyHelpers
import Raft
package import RaftStorage
package import RaftTransport

/// This manager's member of the cluster's Raft group: takes proposals, writes the log, speaks with the other members, applies what is
/// committed.
///
/// `RawNode` decides; here its decisions are carried out. The log is written on one thread and applied on another, so that proposals that
/// come in while a batch is being synced go into the next one together, and neither a slow disk nor much to apply delays a heartbeat. A few
/// commands are applied where they are found to be committed: to wake a thread for them would take longer.
package final class RaftMember: ReplicatedLog, Sendable {
  package struct Limits: Sendable {
    /// Beyond either, proposals are refused instead of queued.
    package var waitingProposals = 8192
    package var waitingBytes = 64 << 20
    /// Of the entries applied at a time.
    package var applyBytes = 4 << 20
    /// Of the entries in one message to another member.
    package var messageBytes = 512 << 10
    /// Of messages to another member that are not acknowledged yet.
    package var inflightMessages = 256
    package var inflightBytes = 16 << 20
    /// A snapshot is taken and the log compacted after this many entries, or as many bytes as the newest snapshot has, within these. What was
    /// not compacted is in memory.
    package var entriesPerSnapshot = 10_000
    package var bytesPerSnapshot = (2 << 20)...(16 << 20)
    /// Of the entries before a snapshot that stay in memory for members that are a little behind: as many bytes as the snapshot has, within
    /// these, since to send it is cheaper than more of them. More while a snapshot is being sent, so that it is not out of date when it arrives.
    package var trailingBytes = (1 << 20)...(4 << 20)
    package var trailingBytesWhileSending = 24 << 20

    package init() {}

    /// What stays before a snapshot of so many bytes while none is being sent.
    func trailing(snapshot size: Int) -> Int { min(max(size, trailingBytes.lowerBound), trailingBytes.upperBound) }
  }

  let storage: any MemberStorage
  let machine: SessionStateMachine
  let timing: RaftTiming
  let limits: Limits
  let logger: Logger
  let now: @Sendable () -> ContinuousClock.Instant
  let metrics = LogMetrics()
  let state: NIOLockedValueBox<State>
  /// Where proposals meet that go on together.
  let proposeThread = DispatchQueue(label: "warren.raft.proposals", qos: .userInitiated)
  /// Where the database is written.
  let writeThread = DispatchQueue(label: "warren.log")
  /// Where what is committed is applied, unless it is brief.
  let applyThread = DispatchQueue(label: "warren.apply")
  let snapshotThread = DispatchQueue(label: "warren.snapshot", qos: .utility)
  let tickThread = DispatchQueue(label: "warren.raft.ticks", qos: .userInteractive)

  /// Brings the state machine to where the snapshot is and takes part. A member that is alone leads when this returns, with everything in
  /// its log applied; among others, `leadershipChanges` tells.
  /// - Parameters:
  ///   - transport: to the other members; must outlive this. Without one the member can only be alone.
  ///   - now: the time by which requests expire.
  /// - Throws: `.dataLoss` when the log is damaged or newer than this version of warren; `.failedPrecondition` when it has other members and
  ///   there is no transport; `.resourceExhausted` when the disk has no room for the beginning of a term.
  package static func start(
    storage: any MemberStorage, stateMachine: any ReplicatedStateMachine, transport: (any RaftTransport)? = nil, timing: RaftTiming = .lan,
    limits: Limits = Limits(), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, logger: Logger
  ) async throws -> RaftMember {
    let member = try RaftMember(
      storage: storage, machine: SessionStateMachine(stateMachine), transport: transport, timing: timing, limits: limits, now: now,
      logger: logger)
    if let transport { member.attach(transport) }
    if !member.startTicking() {
      member.change { $0.node.campaign() }
      // Everything in the log is committed by the first entry of the new term, and a read is answered after that. Unless there is a change
      // in it that this member was not alone after.
      do { _ = try await member.readBarrier() } catch  where !member.state.withLockedValue({ $0.isAlone }) {}
    }
    logger.info(
      "log.opened", metadata: ["index": "\(storage.lastIndex)", "snapshot": "\(storage.snapshot.index)", "term": "\(storage.hardState.term)"])
    return member
  }

  private init(
    storage: any MemberStorage, machine: SessionStateMachine, transport: (any RaftTransport)?, timing: RaftTiming, limits: Limits,
    now: @escaping @Sendable () -> ContinuousClock.Instant, logger: Logger
  ) throws {
    self.storage = storage
    self.machine = machine
    self.timing = timing
    self.limits = limits
    self.now = now
    self.logger = logger
    let snapshot = storage.snapshot
    let id = MemberID(rawValue: storage.identity.memberID)
    guard transport != nil || snapshot.configuration == ConfigurationState(voters: [id]) else {
      throw WarrenError(
        .failedPrecondition,
        "The log in \(storage.location.directory) belongs to a cluster with other managers, which this version of warren cannot speak to. Install a newer one."
      )
    }
    if let (info, data) = try storage.readSnapshot() { try machine.restore(data, index: info.index) }
    let node = try Self.node(storage, stable: storage.stableLog(), configuration: snapshot.configuration, timing: timing, limits: limits)
    let schedule = SnapshotSchedule(entries: limits.entriesPerSnapshot, bytes: limits.bytesPerSnapshot, size: snapshot.size)
    state = NIOLockedValueBox(
      State(node: node, session: .random(in: 1...(.max)), applied: snapshot.index, configuration: snapshot.configuration, snapshots: schedule))
  }

  /// As what is on the disk has it.
  static func node(
    _ storage: any MemberStorage, stable: StableLog, applied: LogIndex? = nil, configuration: ConfigurationState, timing: RaftTiming, limits: Limits
  ) throws -> RawNode {
    var options = RaftOptions(
      id: MemberID(rawValue: storage.identity.memberID), electionTicks: timing.electionTicks, heartbeatTicks: timing.heartbeatTicks)
    options.candidateRetryTicks = timing.candidateRetryTicks
    if storage.snapshot.index == 0 { options.founders = storage.snapshot.configuration.voters }
    options.maxApplyingSize = limits.applyBytes
    options.maxMessageSize = limits.messageBytes
    options.maxInflightMessages = limits.inflightMessages
    options.maxInflightBytes = limits.inflightBytes
    let applied = applied ?? stable.base.index
    var hardState = storage.hardState
    if !hardState.isEmpty { hardState.commit = max(hardState.commit, applied) }
    do {
      return try RawNode(options: options, hardState: hardState, configuration: configuration, stable: stable, applied: applied)
    } catch {
      throw storage.location.damage("it contradicts itself (\(error)).")
    }
  }

  /// From now on the member speaks with others; for one that began alone. The transport must outlive this.
  package func attach(_ transport: any RaftTransport) {
    state.withLockedValue { $0.transport = transport }
    transport.attach(self)
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
