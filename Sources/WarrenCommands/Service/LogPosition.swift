import SwiftProtobuf
import Synchronization
import WarrenAPI

/// How far the logs of each task were printed, so that following can go on where a lost connection broke it off.
final class LogPosition: Sendable {
  private let last = Mutex<[String: Google_Protobuf_Timestamp]>([:])
  private let heardAt = Mutex<ContinuousClock.Instant?>(nil)

  /// When a daemon last answered; nil when none did.
  var heard: ContinuousClock.Instant? { heardAt.withLock { $0 } }
  func hear() { heardAt.withLock { $0 = .now } }

  /// False for a line that was there before. The lines of one task come in the order of their time.
  func advance(to entry: Warren_V1_LogEntry) -> Bool {
    last.withLock { last in
      if let seen = last[entry.taskID], !seen.isBefore(entry.at) { return false }
      last[entry.taskID] = entry.at
      return true
    }
  }

  /// The request that misses nothing: the last line of the task that is furthest behind is asked for again.
  func resumed(_ request: Warren_V1_ServiceLogsRequest) -> Warren_V1_ServiceLogsRequest {
    guard let oldest = last.withLock({ $0.values.min { $0.isBefore($1) } }) else { return request }
    var request = request
    request.clearTail()
    request.since = oldest
    return request
  }
}

extension Google_Protobuf_Timestamp {
  fileprivate func isBefore(_ other: Self) -> Bool { (seconds, nanos) < (other.seconds, other.nanos) }
}
