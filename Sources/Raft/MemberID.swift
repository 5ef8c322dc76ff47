/// The number of a Raft member; never reused in the life of a cluster. 0 is nobody.
package struct MemberID: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  package var rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package init(integerLiteral value: UInt64) { rawValue = value }

  package static let none: MemberID = 0

  package static func < (left: MemberID, right: MemberID) -> Bool { left.rawValue < right.rawValue }
  package var description: String { String(rawValue) }
}

/// Raft's logical clock: at most one leader in each term (Raft paper, 5.1).
package typealias Term = UInt64

/// The position of an entry in the log: 1 is the first, 0 is "before the first".
package typealias LogIndex = UInt64

/// An entry as the log identifies it: by the Log Matching property, two logs with the same position agree on everything before it.
package struct LogPosition: Hashable, Sendable {
  package var term: Term
  package var index: LogIndex

  /// No real term or index comes near; what is beyond is garbage, and counting on from it would overflow.
  static let limit: UInt64 = 1 << 62

  package init(term: Term, index: LogIndex) {
    self.term = term
    self.index = index
  }
}
