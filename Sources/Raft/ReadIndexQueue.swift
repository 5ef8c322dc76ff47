/// Reads waiting for a quorum to confirm that this is still the leader. They are numbered in the order they came; a heartbeat carries the
/// number of the newest, so one round confirms all of them (Raft thesis, 6.4).
struct ReadIndexQueue: Hashable, Sendable {
  struct Request: Hashable, Sendable {
    var from: MemberID
    var context: [UInt8]
    /// The commit index when it came.
    var index: LogIndex
  }

  private var waiting: [Request] = []
  private var confirmed: UInt64 = 0
  private var acknowledged: [MemberID: UInt64] = [:]

  /// What a heartbeat carries now; 0 while no read waits.
  var position: UInt64 { waiting.isEmpty ? 0 : confirmed + UInt64(waiting.count) }

  mutating func add(_ request: Request) { waiting.append(request) }

  /// Nobody can confirm reads that were not asked about.
  mutating func acknowledge(_ member: MemberID, position: UInt64) {
    acknowledged[member] = max(acknowledged[member] ?? 0, min(position, confirmed + UInt64(waiting.count)))
  }

  /// Those that a quorum has confirmed by now.
  mutating func advance(_ voters: JointQuorum) -> [Request] {
    let reached = voters.committedIndex { acknowledged[$0] ?? 0 }
    guard reached > confirmed else { return [] }
    let count = Int(min(reached - confirmed, UInt64(waiting.count)))
    defer {
      waiting.removeFirst(count)
      confirmed += UInt64(count)
    }
    return Array(waiting.prefix(count))
  }
}
