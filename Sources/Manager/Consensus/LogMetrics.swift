import ClusterModel
import Metrics
import Raft

/// How the log is doing. Entries by batches is how many writes share a sync.
struct LogMetrics: Sendable {
  private let entries = Counter(label: "warren_log_entries_total")
  private let batches = Counter(label: "warren_log_batches_total")
  private let write = Timer(label: "warren_log_write_duration_seconds")
  private let commit = Timer(label: "warren_proposal_duration_seconds")
  private let stored = Counter(label: "warren_proposals_total", dimensions: [("result", "stored")])
  private let outrun = Counter(label: "warren_proposals_total", dimensions: [("result", "outrun")])
  private let refused = Counter(label: "warren_proposals_total", dimensions: [("result", "refused")])
  private let applied = Gauge(label: "warren_log_applied_index")
  private let snapshots = Counter(label: "warren_log_snapshots_total")

  private let term = Gauge(label: "warren_raft_term")
  private let isLeader = Gauge(label: "warren_raft_is_leader")
  private let leaderChanges = Counter(label: "warren_raft_leader_changes_total")
  private let refusedMessages = Counter(label: "warren_raft_messages_refused_total")

  func follows(_ state: SoftState, term number: Term) {
    term.record(number)
    isLeader.record(state.role == .leader ? 1 : 0)
    if state.leader != .none { leaderChanges.increment() }
  }

  /// It makes no sense to this member; what it says is not in the log, as it may come from anybody who has a certificate.
  func refused(_ message: Message) { refusedMessages.increment() }

  func wrote(entries count: Int, in duration: Duration) {
    entries.increment(by: count)
    batches.increment()
    write.recordNanoseconds(duration.nanoseconds)
  }

  /// From being proposed to being durable and applied.
  func stored(in duration: Duration) {
    stored.increment()
    commit.recordNanoseconds(duration.nanoseconds)
  }

  func failed(with error: any Error) {
    // What the log itself refuses is a `WarrenError`; the rest is the state machine's word that the state had moved on.
    if error is WarrenError { refused.increment() } else { outrun.increment() }
  }

  func applied(_ index: LogIndex) { applied.record(index) }
  func tookSnapshot() { snapshots.increment() }
}
