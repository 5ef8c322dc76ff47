package import Raft

/// The seam between the cluster's state and how commands become durable and ordered. One local log or a Raft member can be behind it.
package protocol ReplicatedLog: Sendable {
  /// Adds a command to the log. Returns its index once it is durable and applied here.
  ///
  /// Cancelling the caller does not take a command back.
  /// - Throws: what the state machine rejected the command with; or a `WarrenError`: `.invalidArgument` (larger than
  ///   `maximumCommandSize`), `.resourceExhausted` (queue or disk full: nothing was written, try again later), `.unavailable` (not the
  ///   leader, or shutting down), `.internalError` / `.dataLoss` (the log can no longer be written; this process is about to end).
  func propose(_ command: [UInt8]) async throws -> LogIndex

  /// Returns once everything that was acknowledged anywhere before the call is applied here: a read after it is linearizable.
  func readBarrier() async throws -> LogIndex

  var leadership: Leadership { get }
  /// The present leadership, then each change of it. Ends when the log ends.
  func leadershipChanges() -> AsyncStream<Leadership>
}

/// The largest command a log takes, in bytes.
package let maximumCommandSize = 1_572_864

/// Whether this process leads. The term fences side effects: it grows with each new leader.
package struct Leadership: Sendable, Equatable {
  package var term: UInt64
  package var isLeader: Bool

  package init(term: UInt64, isLeader: Bool) {
    self.term = term
    self.isLeader = isLeader
  }
}
