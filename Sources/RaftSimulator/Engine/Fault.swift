/// The classes of faults a run injects; each is counted, so that a soak shows what it exercised.
package enum Fault: String, CaseIterable, Sendable {
  case drop, duplicate, reorder
  case slowLinks = "slow links"
  case oneWayCut = "one-way cut"
  case partition
  case connectionClosed = "connection closed"
  case crash
  case crashWhileWriting = "crash while writing"
  case lostWrite = "unsynced write lost"
  case tornWrite = "unsynced write torn"
  case syncStall = "sync stall"
  case syncFailure = "sync failure"
  case bitFlip = "bit flip found"
  case pause
  case clockSkew = "clock skew"
  case longOutage = "long outage"
  case wipe = "wipe and rejoin"
  case compaction
  case snapshotInstalled = "snapshot installed"
  case addMember = "member added"
  case removeMember = "member removed"
  case demoteMember = "member demoted"
  case jointChange = "joint change"
  case leaderTransfer = "leader transfer"
  case forgetLeader = "forget leader"
  case clientTimeout = "client timeout"
  case retryApplied = "retry deduplicated"
}

/// How often each fault happened.
package struct FaultCounts: Sendable {
  private var counts: [Int] = Array(repeating: 0, count: Fault.allCases.count)
  private static let position = Dictionary(uniqueKeysWithValues: Fault.allCases.enumerated().map { ($1, $0) })

  package init() {}

  package subscript(fault: Fault) -> Int {
    get { counts[Self.position[fault] ?? 0] }
    set { counts[Self.position[fault] ?? 0] = newValue }
  }

  package mutating func add(_ other: FaultCounts) {
    for fault in Fault.allCases { self[fault] += other[fault] }
  }
}
