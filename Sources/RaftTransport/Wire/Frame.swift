package import ClusterModel
package import Raft

/// What one member sends another over a connection. `api/proto/raft_transport.proto` says how it looks there.
package enum Frame: Hashable, Sendable {
  case hello(Hello)
  /// The answer to `hello`: nil when the connection may be used.
  case welcome(Refusal?)
  case message(Message)
  /// The `.snapshot` message, and what follows if it is wanted.
  case offer(Message, SnapshotOffer)
  /// The first chunk that is missing there; nil when the snapshot is not wanted.
  case answer(firstChunk: Int?)
  case chunk(Int, [UInt8])
  case stored(Int)
  /// The receiver has all of it and took it.
  case end
}

package struct Hello: Hashable, Sendable {
  package var version: UInt32
  package var cluster: ClusterID
  package var from: MemberID
  package var to: MemberID
  package var purpose: Purpose
  /// Where others reach the sender; nil when it does not say.
  package var address: HostPort?
  /// The member that the sender's group began with; 0 for the first group.
  package var founder: UInt64

  /// Changes when members of another version could not be talked to.
  package static let currentVersion: UInt32 = 1

  package init(
    version: UInt32 = currentVersion, cluster: ClusterID, from: MemberID, to: MemberID, purpose: Purpose, address: HostPort? = nil,
    founder: UInt64 = 0
  ) {
    self.version = version
    self.cluster = cluster
    self.from = from
    self.to = to
    self.purpose = purpose
    self.address = address
    self.founder = founder
  }
}

/// What a connection is for.
package enum Purpose: Int, Sendable, CaseIterable {
  /// What is small and must not wait.
  case control = 1
  /// Appends and forwarded proposals. All appends, also empty ones: the order of a leader's appends says where the follower's log ends.
  case bulk = 2
  /// One snapshot.
  case snapshot = 3

  /// How a message travels; nil for what never leaves a member.
  package init?(of message: Message) {
    switch message.kind {
    case .append, .propose: self = .bulk
    case .snapshot: self = .snapshot
    case .storageAppendResponse, .storageApplyResponse: return nil
    default: self = .control
    }
  }
}

/// Why a member does not want a connection.
package enum Refusal: Int, Error, Sendable, CaseIterable {
  case version = 1
  case cluster = 2
  /// The connection was meant for another member.
  case receiver = 3
  /// Whoever made it is no member.
  case sender = 4
  /// The certificate speaks for somebody else.
  case certificate = 5
  case purpose = 6
  /// Whoever made it is of a group of managers that was given up.
  case superseded = 7
}
