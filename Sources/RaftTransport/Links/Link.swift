import Logging
import NIOCore
import Raft

/// The connection over which messages of one purpose are sent to a member; made anew whenever it ends. Used on the event loop only.
final class Link {
  private enum State {
    case waiting(Scheduled<Void>?)
    case dialing(OutgoingConnection)
    case up(OutgoingConnection)
    case closed
  }

  /// Encoded at a time, in bytes: control is on the same event loop and must not wait long.
  private static let batch = 256 << 10

  private let purpose: Purpose
  private let peer: Peer
  private let core: TransportCore
  private var state = State.waiting(nil)
  private var backoff = Backoff()

  init(_ purpose: Purpose, _ peer: Peer, _ core: TransportCore) {
    self.purpose = purpose
    self.peer = peer
    self.core = core
  }

  /// Something speaks for trying now.
  func hurry() {
    guard case .waiting(let timer) = state, backoff.hurry(at: core.now) || timer == nil else { return }
    timer?.cancel()
    wait()
  }

  private func wait() {
    let delay = backoff.next(&core.random)
    if delay == .zero { return dial() }
    state = .waiting(core.loop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { self.dial() })
  }

  private func dial() {
    // A timer may run although it was cancelled in the same turn of the loop.
    guard case .waiting = state else { return }
    core.outbox.open(peer.id, purpose)
    let limit = backoff.isHurried && peer.isSuspected ? core.limits.hurriedHandshake : core.limits.handshake
    let callbacks = OutgoingConnection.Callbacks(
      up: { self.isUp() },
      frame: { _ in },
      writable: { self.drain() },
      ended: { self.ended($0) })
    let connection = core.connection(to: peer, purpose, limit: limit, callbacks)
    state = .dialing(connection)
    core.connect(connection, to: peer.address, limit: limit)
  }

  private func isUp() {
    guard case .dialing(let connection) = state else { return }
    state = .up(connection)
    peer.connected()
    drain()
  }

  private func ended(_ ending: OutgoingConnection.Ending) {
    if case .closed = state { return }
    state = .waiting(nil)
    core.dropped(core.outbox.close(peer.id, purpose), for: peer)
    switch ending {
    case .failed(let answered):
      if purpose == .control { peer.failed(answered: answered) }
      if case .waiting(nil) = state { wait() }
    case .ended(let end):
      backoff.ended(at: core.now)
      peer.ended(end)
      if case .waiting(nil) = state { wait() }
    }
  }

  /// Writes what is queued, as long as the connection takes it.
  func drain() {
    guard case .up(let connection) = state, let channel = connection.channel else { return }
    while channel.isWritable {
      let messages = core.outbox.take(peer.id, purpose, bytes: Self.batch)
      if messages.isEmpty { break }
      var buffer = channel.allocator.buffer(capacity: messages.reduce(0) { $0 + $1.queueSize })
      var unsendable = 0
      for message in messages {
        do { try Frame.message(message).write(to: &buffer) } catch {
          unsendable += 1
          core.incidents.report(.unsendable, ["peer": "\(peer.id)", "kind": "\(message.kind)", "reason": "\(error)"])
        }
      }
      peer.metrics.sent(messages.count - unsendable, bytes: buffer.readableBytes)
      core.dropped(unsendable, for: peer)
      channel.writeAndFlush(buffer, promise: nil)
    }
    if purpose == .bulk { peer.metrics.queued(bytes: core.outbox.queuedBytes(peer.id)) }
  }

  /// Completes once everything written so far is with the kernel.
  func flush() -> EventLoopFuture<Void>? {
    guard case .up(let connection) = state, let channel = connection.channel else { return nil }
    drain()
    return channel.writeAndFlush(ByteBuffer())
  }

  func close() {
    let old = state
    state = .closed
    _ = core.outbox.close(peer.id, purpose)
    switch old {
    case .waiting(let timer): timer?.cancel()
    case .dialing(let connection), .up(let connection): connection.close()
    case .closed: break
    }
  }
}
