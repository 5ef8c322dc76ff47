import Raft

/// How a snapshot goes over a connection: offer, answer with the first missing chunk, chunks, an acknowledgement for each, end.
enum SnapshotTransfer {
  /// - Throws: why it did not arrive.
  static func send(
    _ message: Message, _ offer: SnapshotOffer, from user: any RaftTransportUser, window: Int, over wire: consuming SnapshotWire
  ) async throws {
    try await wire.send(.offer(message, offer))
    guard case .answer(let firstChunk) = try await wire.next() else { throw TransferFailure.disorder }
    guard let firstChunk else { throw TransferFailure.refused }
    guard firstChunk <= offer.chunks else { throw TransferFailure.disorder }
    var sent = firstChunk
    var stored = firstChunk
    while stored < offer.chunks {
      if sent < offer.chunks, sent - stored < window {
        try await wire.send(.chunk(sent, user.readSnapshotChunk(sent, of: offer)))
        sent += 1
      } else {
        guard case .stored(stored) = try await wire.next() else { throw TransferFailure.disorder }
        stored += 1
      }
    }
    guard case .end = try await wire.next() else { throw TransferFailure.disorder }
  }

  /// - Throws: why it did not arrive; `TransferFailure.disorder` is the sender's fault.
  static func receive(from member: MemberID, as receiver: MemberID, for user: any RaftTransportUser, over wire: consuming SnapshotWire) async throws {
    guard case .offer(let message, let offer) = try await wire.next(), message.from == member, message.to == receiver else {
      throw TransferFailure.disorder
    }
    guard let first = try? await user.acceptSnapshot(offer), (0...offer.chunks).contains(first) else {
      try await wire.send(.answer(firstChunk: nil))
      throw TransferFailure.refused
    }
    try await wire.send(.answer(firstChunk: first))
    for number in first..<offer.chunks {
      guard case .chunk(number, let data) = try await wire.next(), data.count == min(offer.chunkSize, offer.size - number * offer.chunkSize) else {
        throw TransferFailure.disorder
      }
      try await user.storeSnapshotChunk(number, data, of: offer)
      try await wire.send(.stored(number))
    }
    try await user.receiveSnapshot(message, offer)
    try await wire.send(.end)
  }
}
