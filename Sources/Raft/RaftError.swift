/// Why the core did not take something. Nothing has changed then, unless said otherwise.
package enum RaftError: Error, Hashable, Sendable {
  /// No leader, not the leader, being removed, handing leadership over, or too much is uncommitted. Try again.
  case proposalDropped
  /// From somebody who is not a member.
  case unknownMember(MemberID)
  /// Only this process may say that.
  case localMessage
  /// Contradicts itself: no correct member sends it.
  case malformed
  /// The leader knows this member to have had entries that it does not have: its disk lost what it had acknowledged.
  case logLost(commit: LogIndex, last: LogIndex)
  /// What the leader sends contradicts what was committed here. Going on would make members differ.
  case conflictsWithCommitted(LogIndex)
  /// A change of members that cannot be made from the present configuration.
  case invalidChange(String)
  /// A stored state that contradicts its log.
  case invalidState(String)
}
