package import Raft

/// What a log's commands act on. The log calls it from one place at a time, in the order of the entries.
package protocol ReplicatedStateMachine: Sendable {
  /// Applies committed commands and says for each whether it was taken. Must be deterministic.
  /// - Throws: when a command cannot be understood; the log then stops, as going on would make members differ.
  func apply(_ entries: [CommittedEntry]) throws -> [ApplyOutcome]

  /// Takes a picture of the state as it is now, quickly; what is returned encodes it and is called elsewhere.
  func snapshot() -> @Sendable () throws -> [UInt8]

  /// Replaces the state by a snapshot's, which has every entry up to `index` in it.
  func restore(_ snapshot: [UInt8], index: LogIndex) throws
}

package struct CommittedEntry: Sendable {
  package var index: LogIndex
  package var command: [UInt8]

  package init(index: LogIndex, command: [UInt8]) {
    self.index = index
    self.command = command
  }
}

package enum ApplyOutcome: Sendable {
  /// - Parameter isUrgent: somebody may wait for it at another member, which is told at once that it is committed.
  case accepted(isUrgent: Bool)
  /// The command changed nothing; the proposer gets the error.
  case rejected(any Error)
}
