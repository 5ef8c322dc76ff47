/// How a member behaves. The defaults are Warren's; the rest exists to be compared with other implementations.
package struct RaftOptions: Hashable, Sendable {
  package enum ReadOnly: Sendable {
    /// A quorum confirms the leader before a read is answered.
    case safe
    /// The leader trusts its clock: stale when that is wrong. Never used by Warren.
    case lease
  }

  package var id: MemberID
  /// A follower that hears nothing for this many ticks, up to twice as many, begins an election.
  package var electionTicks: Int
  package var heartbeatTicks: Int
  /// A candidate that gets no majority asks again after so many ticks instead of a whole election timeout: it asks because the leader is
  /// gone, and waits only for those who have not noticed yet. Doubled with each time, up to an election timeout: the answers may just take
  /// longer. Nil: as etcd's, a whole one.
  package var candidateRetryTicks: ClosedRange<Int>?
  /// Of the entries of one append, in bytes; a single larger entry still goes.
  package var maxMessageSize = Int.max
  /// Of the entries being applied at a time.
  package var maxApplyingSize = Int.max
  /// Payload bytes in the leader's log that are not committed; beyond, proposals are dropped.
  package var maxUncommittedSize = Int.max
  package var maxInflightMessages = 256
  /// 0 is without a limit.
  package var maxInflightBytes = 0
  /// A leader without a quorum for an election timeout gives up; who hears from a leader does not vote it out.
  package var checkQuorum = true
  package var preVote = true
  package var readOnly = ReadOnly.safe
  /// The owner writes and applies at its own pace and steps the responses; else it calls `advance` after each `Ready`.
  package var asyncStorageWrites = true
  package var forwardsProposals = true
  package var validatesConfigurationChanges = true
  package var stepsDownOnRemoval = true
  /// A refused vote says how far the log is committed, as tikv's raft-rs does. Without, two members of which one was removed can be stuck:
  /// the removed one knows that it is, and wants no more votes, but has more of the log than the other, whom it therefore refuses its own.
  package var refusalsTellCommit = true
  /// Who knows the configuration that the log began with, which is not in the log; nil: everybody. Others need a snapshot: by the log alone
  /// they would take themselves for the only members.
  package var founders: MemberSet?

  /// Why nobody can be a member with these options; nil when all is well.
  var contradiction: String? {
    if id == .none { return "0 is no member" }
    if heartbeatTicks <= 0 || electionTicks <= heartbeatTicks { return "an election must take longer than a heartbeat" }
    if let retry = candidateRetryTicks, retry.lowerBound <= 0 { return "a candidate has to wait for its answers" }
    if maxInflightMessages <= 0 { return "a window of no messages never sends" }
    if readOnly == .lease, !checkQuorum { return "a lease rests on the check of the quorum" }
    return nil
  }

  package init(id: MemberID, electionTicks: Int = 30, heartbeatTicks: Int = 5) {
    self.id = id
    self.electionTicks = electionTicks
    self.heartbeatTicks = heartbeatTicks
  }
}
