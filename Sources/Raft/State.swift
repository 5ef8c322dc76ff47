/// What a member must remember across a restart before its votes and acknowledgements count (Raft paper, figure 2: persistent state).
package struct HardState: Hashable, Sendable {
  package var term: Term
  package var vote: MemberID
  /// Known to be committed. May be behind after a crash: it is learned again.
  package var commit: LogIndex

  package init(term: Term = 0, vote: MemberID = .none, commit: LogIndex = 0) {
    self.term = term
    self.vote = vote
    self.commit = commit
  }

  package var isEmpty: Bool { self == HardState() }
}

package enum Role: Sendable {
  case follower
  /// Asks whether it would win, before it disturbs anybody with a new term (Raft thesis, 9.6).
  case preCandidate
  case candidate
  case leader
}

/// What is known now and lost with the process.
package struct SoftState: Hashable, Sendable {
  package var leader: MemberID
  package var role: Role
}

/// Up to here everything was applied when the log was cut off: what a snapshot stands for.
package struct SnapshotMetadata: Hashable, Sendable {
  package var index: LogIndex
  package var term: Term
  /// Who was a member as of `index`.
  package var configuration: ConfigurationState

  package init(index: LogIndex = 0, term: Term = 0, configuration: ConfigurationState = ConfigurationState()) {
    self.index = index
    self.term = term
    self.configuration = configuration
  }
}

/// The core looks at the metadata only; whoever carries messages decides where the data is.
package struct Snapshot: Hashable, Sendable {
  package var metadata: SnapshotMetadata
  package var data: [UInt8]

  package init(metadata: SnapshotMetadata, data: [UInt8] = []) {
    self.metadata = metadata
    self.data = data
  }

  var position: LogPosition { LogPosition(term: metadata.term, index: metadata.index) }
}

/// A read may be served once everything up to `index` is applied (Raft thesis, 6.4).
package struct ReadState: Hashable, Sendable {
  package var index: LogIndex
  /// The `readIndex` request's.
  package var context: [UInt8]
}
