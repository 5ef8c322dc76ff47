import NIOConcurrencyHelpers
import Raft
import RaftTransport

extension MemoryNetwork {
  /// Carries the snapshot that a `.snapshot` message stands for, chunk by chunk. Ends when the way there is cut or somebody is gone.
  func transfer(_ message: Message, from member: MemberID) async {
    let sender = state.withLockedValue { $0.members[member]?.user }
    let isFirst = state.withLockedValue { $0.members[member]?.transfers.insert(message.to).inserted ?? false }
    var succeeded = false
    if isFirst, let sender {
      succeeded = (try? await stream(message, from: member, sender)) != nil
      state.withLockedValue { _ = $0.members[member]?.transfers.remove(message.to) }
    }
    sender?.snapshotSent(to: message.to, succeeded: succeeded)
  }

  private func stream(_ message: Message, from member: MemberID, _ sender: any RaftTransportUser) async throws {
    let offer = try await sender.snapshotToSend(to: message.to)
    var number = try await receiver(of: message, from: member).acceptSnapshot(offer)
    while number < offer.chunks {
      let data = try await sender.readSnapshotChunk(number, of: offer)
      try await receiver(of: message, from: member).storeSnapshotChunk(number, data, of: offer)
      number += 1
    }
    var last = message
    last.snapshot = Snapshot(metadata: offer.metadata)
    try await receiver(of: message, from: member).receiveSnapshot(last, offer)
  }

  /// Looked up anew for each step: it may be cut off or gone by now.
  private func receiver(of message: Message, from member: MemberID) throws -> any RaftTransportUser {
    try state.withLockedValue { state in
      guard !state.wire.isCut(member, message.to), state.members[member]?.peers.contains(message.to) == true,
        let receiver = state.members[message.to], receiver.peers.contains(member), let user = receiver.user
      else { throw CancellationError() }
      return user
    }
  }
}
