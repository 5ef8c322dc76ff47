import ClusterModel
import FoundationEssentials

extension Timestamp {
  /// Certificates count whole seconds; so does this.
  var date: Date { Date(timeIntervalSince1970: Double(nanosecondsSinceEpoch / 1_000_000_000)) }

  init(_ date: Date) {
    let seconds = date.timeIntervalSince1970.rounded(.down)
    self.init(seconds: Int64(exactly: seconds) ?? (seconds < 0 ? .min : .max))
  }

  /// `2026-11-21T14:00:00Z`, for messages.
  var text: String { date.formatted(.iso8601) }
}
