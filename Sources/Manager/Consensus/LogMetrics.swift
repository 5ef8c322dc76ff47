import Metrics

/// How the log is doing. Entries by batches is how many writes share a sync.
struct LogMetrics: Sendable {
  private let entries = Counter(label: "warren_log_entries_total")
  private let batches = Counter(label: "warren_log_batches_total")
  private let write = Timer(label: "warren_log_write_duration_seconds")
  private let applied = Gauge(label: "warren_log_applied_index")
  private let snapshots = Counter(label: "warren_log_snapshots_total")

  func wrote(entries count: Int, in duration: Duration) {
    entries.increment(by: count)
    batches.increment()
    let (seconds, attoseconds) = duration.components
    write.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  func applied(_ index: LogIndex) { applied.record(index) }
  func tookSnapshot() { snapshots.increment() }
}
