/// Decides when the next snapshot is due: after so many entries, or as many bytes as the newest one has, one at a time. So no more is written
/// for snapshots than for entries, while a small state has a short log.
struct SnapshotSchedule: Sendable {
  let entryLimit: Int
  /// However small or large the newest one is.
  let byteLimits: ClosedRange<Int>
  /// Of the newest one, in bytes.
  private var size: Int
  private(set) var entries = 0
  private(set) var bytes = 0
  private(set) var running = false
  /// One is needed whatever has been written.
  private var isForced = false
  /// Entries to wait for after a snapshot that could not be stored.
  private var pause = 0

  /// - Parameter size: of the snapshot that there is.
  init(entries: Int, bytes: ClosedRange<Int>, size: Int) {
    entryLimit = entries
    byteLimits = bytes
    self.size = size
  }

  private var byteLimit: Int { min(max(size, byteLimits.lowerBound), byteLimits.upperBound) }

  mutating func wrote(entries count: Int, bytes size: Int) {
    entries += count
    bytes += size
    pause = max(0, pause - count)
  }

  /// One is due now, or as soon as the running one is finished.
  mutating func force() { isForced = true }

  /// True when one is to be taken now; `finished` must follow.
  mutating func begin() -> Bool {
    guard !running, pause == 0, isForced || entries >= entryLimit || bytes >= byteLimit else { return false }
    running = true
    isForced = false
    startedAt = (entries, bytes)
    return true
  }

  /// - Parameter stored: its bytes; nil when it could not be stored.
  mutating func finished(stored: Int?) {
    running = false
    if let stored {
      size = stored
      entries -= startedAt.entries
      bytes -= startedAt.bytes
    } else {
      pause = max(1, entryLimit / 10)
      isForced = true
    }
  }

  /// What had been written when the running snapshot was taken.
  private var startedAt = (entries: 0, bytes: 0)
}
