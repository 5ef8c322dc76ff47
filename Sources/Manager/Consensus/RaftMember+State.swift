import ClusterModel
import Raft
import RaftStorage
import RaftTransport

extension RaftMember {
  /// What the log holds and this manager's callers wait for.
  struct Proposal {
    enum Content {
      case command([UInt8])
      case change(ConfigurationChange)
    }

    var content: Content
    var continuation: CheckedContinuation<LogIndex, any Error>
    var bytes: Int
    /// In a leader's log, or on the way to it, as far as is known.
    var isPlaced = false
    var triedAt: UInt64
    var expiresAt: ContinuousClock.Instant
  }

  struct Read {
    var continuation: CheckedContinuation<LogIndex, any Error>
    var askedAt: UInt64
    var expiresAt: ContinuousClock.Instant
  }

  /// What is to be written together, and said once it is on the disk.
  struct WriteJob {
    /// Replaces the log before the rest is written.
    var snapshot: LogSnapshotInfo?
    var write: LogWrite
    var messages: [Message]
  }

  enum ApplyJob {
    case entries([Entry], then: [Message])
    /// The snapshot on the disk takes the place of the state.
    case restore(LogSnapshotInfo)
  }

  /// A snapshot that another member is sending.
  struct IncomingSnapshot {
    var offer: SnapshotOffer
    /// So many of its chunks, from the first on, are on the disk; nil before the disk was asked.
    var stored: Int?
    /// It was handed to the log and takes its place.
    var isTaken = false

    var info: LogSnapshotInfo {
      LogSnapshotInfo(
        index: offer.metadata.index, term: offer.metadata.term, configuration: offer.metadata.configuration, size: offer.size)
    }
  }

  struct State {
    var node: RawNode
    let session: UInt64
    var nextSequence: UInt64 = 1
    var proposals: [UInt64: Proposal] = [:]
    /// No proposal before it is waiting.
    var floor: UInt64 = 1
    var waitingBytes = 0
    /// Proposals that are to be handed to the leader.
    var unplaced: [UInt64] = []
    /// Reads that wait until a leadership is confirmed, by the number in their context; then until an index is applied.
    var reads: [UInt64: Read] = [:]
    var confirmedReads: [(index: LogIndex, read: Read)] = []
    /// When it is looked again whether requests have expired.
    var reviewAt: ContinuousClock.Instant?

    var writes: [WriteJob] = []
    var isWriting = false
    /// When the write that is going on began.
    var writingSince: UInt64 = 0
    var applies: [ApplyJob] = []
    var isApplying = false
    /// To be begun before the state is let go, or just after.
    var isApplyDue = false
    var applied: LogIndex
    /// As of `applied`.
    var configuration: ConfigurationState

    /// To the other members.
    var transport: (any RaftTransport)?
    /// To be handed to the transport before the state is let go.
    var outbox: [Message] = []
    var notices = CommitNotices()
    /// Speak for a term that is not on the disk yet.
    var held: [Message] = []

    var leadership = Leadership(term: 0, isLeader: false)
    var snapshots: SnapshotSchedule
    /// Which snapshots are being sent to whom; their chunks stay.
    var outgoing: [MemberID: LogIndex] = [:]
    var incoming: IncomingSnapshot?

    var isTicking = false
    /// Ticks since the start.
    var now: UInt64 = 0
    /// When others were last heard of: in ticks, since nobody is taken for gone for time that this machine did not have, and by the clock,
    /// for people who wait.
    var heard: [MemberID: (tick: UInt64, time: ContinuousClock.Instant)] = [:]
    var names: [MemberID: String] = [:]
    /// The leader's process is gone: an election begins then.
    var campaignAt: UInt64?

    /// The disk had no room: nothing is written, and no message is taken, until it has.
    var isDiskFull = false
    /// Nothing new is taken, and leadership is handed over.
    var isLeaving = false
    var leaver: (continuation: CheckedContinuation<Void, Never>, until: UInt64)?
    /// Why nothing can be proposed any more.
    var end: WarrenError?
    var failed = false
    /// `run()`, waiting for the end.
    var runner: CheckedContinuation<Void, any Error>?
    var leadershipReaders: [AsyncStream<Leadership>.Continuation] = []

    /// To be called once the state is free again.
    var answers: [@Sendable () -> Void] = []

    init(node: RawNode, session: UInt64, applied: LogIndex, configuration: ConfigurationState, snapshots: SnapshotSchedule) {
      self.node = node
      self.session = session
      self.applied = applied
      self.configuration = configuration
      self.snapshots = snapshots
    }

    /// It takes less time to apply what waits than to wake a thread for it, and a single caller waits at most, so that nothing would go on
    /// meanwhile. Only commands: a change of members waits for the disk.
    var isBriefToApply: Bool {
      proposals.count <= 1
        && applies.allSatisfy { job in
          guard case .entries(let entries, _) = job else { return false }
          return entries.count <= 4 && entries.payloadSize <= 16 << 10 && entries.allSatisfy { $0.kind == .command }
        }
    }

    /// Nobody else takes part: no clock is needed.
    var isAlone: Bool { node.configuration.state == ConfigurationState(voters: [node.id]) }

    /// Whether some other voter could lead.
    var hasOtherVoters: Bool { node.configuration.voters.members.contains { $0 != node.id } }
  }
}
