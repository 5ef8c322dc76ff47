import Logging
import NIOCore
import Raft

extension TransportCore {
  /// Starts what a `.snapshot` message asks for. One at a time to each member.
  func sendSnapshot(_ message: Message) {
    guard let user else { return }
    guard !isStopped, let peer = peers[message.to], !peer.isSendingSnapshot else { return user.snapshotSent(to: message.to, succeeded: false) }
    peer.isSendingSnapshot = true
    let core = NIOLoopBound(self, eventLoop: loop)
    let (window, loop) = (limits.chunksInFlight, loop)
    let to = message.to
    transfer {
      let result: Result<Void, any Error>
      do {
        let offer = try await user.snapshotToSend(to: to)
        let wire = try await loop.flatSubmit { core.value.openWire(to: to) }.get()
        do {
          var message = message
          message.snapshot = Snapshot(metadata: offer.metadata)
          result = .success(
            try await SnapshotTransfer.send(message, offer, from: user, window: window, over: SnapshotWire(wire.channel, wire.frames)))
        } catch {
          result = .failure(error)
        }
        wire.channel.close(promise: nil)
      } catch {
        result = .failure(error)
      }
      try? await loop.submit { core.value.sentSnapshot(to: to, result) }.get()
      user.snapshotSent(to: to, succeeded: (try? result.get()) != nil)
    }
  }

  private func sentSnapshot(to member: MemberID, _ result: Result<Void, any Error>) {
    peers[member]?.isSendingSnapshot = false
    if case .failure(let error) = result { incidents.report(.snapshotFailed, ["peer": "\(member)", "reason": "\(error)"]) }
  }

  private struct Wire: Sendable {
    var channel: any Channel
    var frames: AsyncStream<Frame>
  }

  private func openWire(to member: MemberID) -> EventLoopFuture<Wire> {
    guard !isStopped, let peer = peers[member] else { return loop.makeFailedFuture(TransferFailure.connection) }
    let promise = loop.makePromise(of: Wire.self)
    let (stream, continuation) = AsyncStream.makeStream(of: Frame.self, bufferingPolicy: .bufferingOldest(16))
    let stall = limits.snapshotStall
    var connection: OutgoingConnection?
    let callbacks = OutgoingConnection.Callbacks(
      up: {
        guard let channel = connection?.channel else { return }
        peer.connected()
        connection?.expectFrame(within: stall)
        promise.succeed(Wire(channel: channel, frames: stream))
      },
      frame: { frame in
        connection?.expectFrame(within: stall)
        if case .enqueued = continuation.yield(frame) { return }
        connection?.close()
      },
      ended: { ending in
        connection = nil
        peer.sending = nil
        continuation.finish()
        // After it succeeded, this does nothing.
        if case .ended(let end) = ending { peer.ended(end) } else { promise.fail(TransferFailure.connection) }
      })
    let made = self.connection(to: peer, .snapshot, limit: limits.handshake, callbacks)
    connection = made
    peer.sending = made
    connect(made, to: peer.address, limit: limits.handshake)
    return promise.futureResult
  }

  /// Begins once an earlier transfer from the same member has ended, which the newer one shows to be broken.
  func receiveSnapshot(_ frames: AsyncStream<Frame>, from peer: Peer, _ channel: any Channel) {
    let (member, receiver) = (peer.id, configuration.member)
    let earlier = peer.receiving
    earlier?.cancel()
    let (user, incidents) = (user, incidents)
    peer.receiving = transfer {
      await earlier?.value
      guard let user else { return }
      do {
        try await SnapshotTransfer.receive(from: member, as: receiver, for: user, over: SnapshotWire(channel, frames))
      } catch TransferFailure.disorder {
        incidents.report(.unexpected, ["peer": "\(member)", "reason": "a snapshot's frames are out of order"])
      } catch {
        incidents.report(.snapshotFailed, ["peer": "\(member)", "reason": "\(error)"])
      }
      // The sender closes it as a rule; this side only after an error, or when nothing more may come.
      try? await channel.close().get()
    }
  }

  @discardableResult
  private func transfer(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    transferCount += 1
    let number = transferCount
    let core = NIOLoopBound(self, eventLoop: loop)
    let loop = loop
    let task = Task {
      await body()
      try? await loop.submit { _ = core.value.transfers.removeValue(forKey: number) }.get()
    }
    transfers[number] = task
    return task
  }
}
