package import SimulationEngine

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

package typealias FaultCounts = Counts<Fault>
