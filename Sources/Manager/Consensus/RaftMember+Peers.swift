import ClusterModel
import Dispatch
import Logging
import NIOConcurrencyHelpers
package import Raft
import RaftStorage
package import RaftTransport

// What comes from other members.
extension RaftMember: RaftTransportUser {
  package func receive(_ messages: [Message]) {
    let damage: WarrenError? = change { state in
      if state.end != nil || state.isDiskFull { return nil }
      // What is forwarded keeps the member that it came from.
      if let own = messages.last(where: { $0.kind != .propose && $0.kind != .readIndex }) { state.heard[own.from] = (state.now, now()) }
      for message in messages where message.kind != .snapshot {
        do throws(RaftError) {
          try state.node.step(message)
          if message.kind == .propose, state.node.isLeader { state.notices.expect(state.node.log.lastIndex, for: message.from) }
        } catch {
          metrics.refused(message)
          switch error {
          case .logLost(let commit, let last):
            return storage.location.damage("it ends at entry \(last), but the leader knows that entry \(commit) was here.")
          case .conflictsWithCommitted(let index):
            return storage.location.damage("entry \(index) is committed here, and the leader has another one in its place.")
          default: break
          }
        }
      }
      return nil
    }
    if let damage { fail(damage) }
  }

  package func unreachable(_ member: MemberID) { change { $0.node.reportUnreachable(member) } }

  // MARK: A snapshot on its way out

  package func snapshotToSend(to member: MemberID) async throws -> SnapshotOffer {
    let info = state.withLockedValue { state in
      let info = storage.snapshot
      state.outgoing[member] = info.index
      return info
    }
    guard info.index > 0 else { throw WarrenError(.notFound, "There is no snapshot yet.") }
    logger.info("raft.snapshot.sending", metadata: ["to": "\(member)", "index": "\(info.index)", "bytes": "\(info.size)"])
    return SnapshotOffer(metadata: info.metadata, size: info.size, chunkSize: LogSnapshotInfo.chunkSize)
  }

  package func readSnapshotChunk(_ number: Int, of offer: SnapshotOffer) async throws -> [UInt8] {
    let info = LogSnapshotInfo(
      index: offer.metadata.index, term: offer.metadata.term, configuration: offer.metadata.configuration, size: offer.size)
    return try await withCheckedThrowingContinuation { continuation in
      snapshotThread.async { continuation.resume(with: Result { try self.storage.readSnapshotChunk(number, of: info) }) }
    }
  }

  package func snapshotSent(to member: MemberID, succeeded: Bool) {
    logger.info("raft.snapshot.sent", metadata: ["to": "\(member)", "succeeded": "\(succeeded)"])
    change { state in
      state.outgoing[member] = nil
      state.node.reportSnapshot(member, succeeded: succeeded)
    }
    snapshotThread.async { self.removeStaleChunks() }
  }

  // MARK: A snapshot on its way in

  package func acceptSnapshot(_ offer: SnapshotOffer) async throws -> Int {
    let incoming: IncomingSnapshot? = try state.withLockedValue { state in
      if let end = state.end { throw end }
      guard offer.chunkSize == LogSnapshotInfo.chunkSize, offer.size >= 0 else {
        throw WarrenError(.invalidArgument, "Snapshots come in chunks of \(LogSnapshotInfo.chunkSize) bytes here, not of \(offer.chunkSize).")
      }
      // The leader does not know how far this member is. Nothing is missing, and it is told so in the end.
      if offer.metadata.index <= state.node.log.committed { return nil }
      // One at a time: both would write chunks.
      if state.snapshots.running || state.isDiskFull || state.incoming?.isTaken == true {
        throw WarrenError(.unavailable, "This member cannot take a snapshot now. Try again.")
      }
      if let incoming = state.incoming, incoming.offer == offer { return incoming }
      let incoming = IncomingSnapshot(offer: offer)
      state.incoming = incoming
      return incoming
    }
    guard let incoming else { return offer.chunks }
    if let stored = incoming.stored { return stored }
    // Some of it may have come before this process was started.
    let stored = try await onDisk { try $0.receiveSnapshot(incoming.info) }
    return try state.withLockedValue { state in
      guard state.incoming?.offer == offer else { throw Self.notAwaited }
      let known = state.incoming?.stored ?? stored
      state.incoming?.stored = known
      return known
    }
  }

  package func storeSnapshotChunk(_ number: Int, _ data: [UInt8], of offer: SnapshotOffer) async throws {
    let info = try state.withLockedValue { state in
      guard let incoming = state.incoming, incoming.offer == offer, number == incoming.stored, !incoming.isTaken else { throw Self.notAwaited }
      return incoming.info
    }
    let size = number == offer.chunks - 1 ? offer.size - number * offer.chunkSize : offer.chunkSize
    guard data.count == size else { throw Self.notAwaited }
    try await onDisk { try $0.writeSnapshotChunk(number, data, of: info) }
    try state.withLockedValue { state in
      guard state.incoming?.offer == offer, state.incoming?.stored == number else { throw Self.notAwaited }
      state.incoming?.stored = number + 1
    }
  }

  /// On the write thread, between batches of entries.
  private func onDisk<Result: Sendable>(_ body: @escaping @Sendable (any MemberStorage) throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      snapshotThread.async { continuation.resume(with: Swift.Result { try self.onWriteThread(body) }) }
    }
  }

  package func receiveSnapshot(_ message: Message, _ offer: SnapshotOffer) async throws {
    var message = message
    message.snapshot = Snapshot(metadata: offer.metadata)
    try change { state in
      if offer.metadata.index > state.node.log.committed {
        guard let incoming = state.incoming, incoming.offer == offer, incoming.stored == offer.chunks else { throw Self.notAwaited }
      }
      try? state.node.step(message)
      return
    }
    // The log had caught up meanwhile, or somebody else leads.
    state.withLockedValue { if $0.incoming?.isTaken == false { $0.incoming = nil } }
    snapshotThread.async { self.removeStaleChunks() }
  }

  private static let notAwaited = WarrenError(.failedPrecondition, "This part of a snapshot is not the one awaited.")
}
