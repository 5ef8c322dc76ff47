/// Decides when the next snapshot is due: after so many entries or bytes, one at a time.
struct SnapshotSchedule: Sendable {
  let entryLimit: Int
  let byteLimit: Int
  private(set) var entries = 0
  private(set) var bytes = 0
  private(set) var running = false
  /// One is needed whatever has been written.
  private var isForced = false
  /// Entries to wait for after a snapshot that could not be stored.
  private var pause = 0

  init(entries: Int, bytes: Int) {
    entryLimit = entries
    byteLimit = bytes
  }

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

  mutating func finished(stored: Bool) {
    running = false
    if stored {
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
