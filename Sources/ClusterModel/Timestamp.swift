/// A moment in UTC with nanosecond resolution. Read from a clock at the edge and passed in; nothing in this target reads one.
package struct Timestamp: Hashable, Comparable, Sendable {
  package var nanosecondsSinceEpoch: Int64

  package init(nanosecondsSinceEpoch: Int64) { self.nanosecondsSinceEpoch = nanosecondsSinceEpoch }
  package init(seconds: Int64, nanoseconds: Int32 = 0) {
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    nanosecondsSinceEpoch = overflow ? (seconds < 0 ? .min : .max) : whole.addingReportingOverflow(Int64(nanoseconds)).partialValue
  }

  package static let epoch = Timestamp(nanosecondsSinceEpoch: 0)
  package static func < (left: Self, right: Self) -> Bool { left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch }
  package static func + (left: Self, right: Duration) -> Self {
    Timestamp(nanosecondsSinceEpoch: left.nanosecondsSinceEpoch &+ right.nanoseconds)
  }
  package static func - (left: Self, right: Self) -> Duration {
    .nanoseconds(left.nanosecondsSinceEpoch &- right.nanosecondsSinceEpoch)
  }
}

extension Duration {
  /// Whole nanoseconds, saturating at the ends of `Int64` (292 years).
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carry ? (seconds < 0 ? .min : .max) : sum
  }
}
