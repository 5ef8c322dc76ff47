package import ClusterModel
package import Raft

/// Carries messages between the members of a Raft group. May lose, repeat, delay and reorder them; never changes one, never waits.
package protocol RaftTransport: Sendable {
  /// Tells `user`, which is not kept alive by it, what comes from other members from now on. What came before is dropped.
  func attach(_ user: any RaftTransportUser)

  /// Sends each message to the member it names. Returns at once: what does not fit into a member's queue is dropped and told by
  /// `RaftTransportUser.unreachable`. A `.snapshot` message is followed by the snapshot itself, in the background.
  func send(_ messages: [Message])

  /// Where the other members are, from now on. Connections with members that are not among them are closed.
  /// - Parameter former: members of earlier groups, which the cluster was recovered without. They are told so, and nothing else.
  func setPeers(_ peers: [MemberID: HostPort], former: [MemberID: HostPort])
}

extension RaftTransport {
  package func setPeers(_ peers: [MemberID: HostPort]) { setPeers(peers, former: [:]) }
}

/// A member as its transport sees it. Calls come from any thread and must return quickly, but for those that are `async`.
package protocol RaftTransportUser: AnyObject, Sendable {
  /// Messages from one member, in the order in which they came; none is a `.snapshot`.
  func receive(_ messages: [Message])

  /// Something for the member was dropped.
  func unreachable(_ member: MemberID)

  /// The member's process is very probably gone: its connection was closed, and 2 or 3 attempts over some milliseconds found nobody who
  /// completes a handshake. Told once, not again before there was a connection in between.
  func lost(_ member: MemberID)

  // MARK: A snapshot on its way out

  /// The snapshot to send in answer to a `.snapshot` message of this member: the newest there is, which may be newer than the message's.
  func snapshotToSend(to member: MemberID) async throws -> SnapshotOffer
  func readSnapshotChunk(_ number: Int, of offer: SnapshotOffer) async throws -> [UInt8]
  /// Ends what a `.snapshot` message began.
  func snapshotSent(to member: MemberID, succeeded: Bool)

  // MARK: A snapshot on its way in

  /// The number of the first chunk that is missing here: not 0 when an earlier transfer of the same snapshot broke off.
  /// - Throws: when it is not wanted.
  func acceptSnapshot(_ offer: SnapshotOffer) async throws -> Int
  func storeSnapshotChunk(_ number: Int, _ data: [UInt8], of offer: SnapshotOffer) async throws
  /// All chunks are stored. `message` is the `.snapshot` message, with the offer's metadata.
  func receiveSnapshot(_ message: Message, _ offer: SnapshotOffer) async throws
}

/// A snapshot before its data: what it stands for and how much there is of it.
package struct SnapshotOffer: Sendable, Hashable {
  package var metadata: SnapshotMetadata
  /// In bytes, in all.
  package var size: Int
  /// In bytes; all chunks but the last are of this size.
  package var chunkSize: Int

  package var chunks: Int { (size + chunkSize - 1) / chunkSize }

  package init(metadata: SnapshotMetadata, size: Int, chunkSize: Int) {
    self.metadata = metadata
    self.size = size
    self.chunkSize = chunkSize
  }
}
