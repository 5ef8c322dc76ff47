import Logging
import NIOCore
import NIOSSL
import Raft

/// A connection that another member made. Used on its event loop only.
final class IncomingConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let core: TransportCore
  let channel: any Channel
  private var reader = FrameReader(limit: FrameLimits.hello)
  private var timer: Scheduled<Void>?
  private var end = LossDetector.End.byPeer
  private var isOver = false
  /// Nil before a `Hello` was accepted.
  private(set) var peer: Peer?
  private(set) var purpose = Purpose.control
  /// Those read and not yet handed on.
  private var messages: [Message] = []
  private var frames: AsyncStream<Frame>.Continuation?

  init(_ core: TransportCore, _ channel: any Channel) {
    self.core = core
    self.channel = channel
    timer = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(core.limits.handshake)) { self.close() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    peer?.metrics.received(bytes: bytes.readableBytes)
    reader.add(bytes)
    while !isOver {
      do {
        guard let frame = try reader.next() else { return }
        take(frame, context)
      } catch FrameError.unknown {
        core.incidents.report(.unknown, fields)
      } catch {
        core.incidents.report(.garbage, fields.merging(["reason": "\(error)"]) { $1 })
        close()
      }
    }
  }

  private func take(_ frame: Frame, _ context: ChannelHandlerContext) {
    switch frame {
    case .hello(let hello) where peer == nil: answer(hello, context)
    case .message(let message) where peer != nil && purpose != .snapshot:
      if core.isAdmissible(message, from: peer?.id ?? .none, purpose) {
        messages.append(message)
      } else {
        core.incidents.report(.inadmissible, fields.merging(["kind": "\(message.kind)", "from": "\(message.from)"]) { $1 })
      }
    case .offer, .chunk:
      // A sender that holds to the window never fills the buffer.
      if let frames, case .enqueued = frames.yield(frame) { return expectFrame() }
      fallthrough
    default:
      core.incidents.report(.unexpected, fields)
      close()
    }
  }

  private func answer(_ hello: Hello, _ context: ChannelHandlerContext) {
    let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
    if core.isSuperseded(by: hello, certificate) { core.configuration.superseded(hello.address) }
    let refusal = core.refusal(of: hello, certificate)
    var buffer = context.channel.allocator.buffer(capacity: 64)
    try? Frame.welcome(refusal).write(to: &buffer)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    if let refusal {
      core.incidents.report(
        .refused,
        fields.merging(["reason": "\(refusal)", "cluster": "\(hello.cluster)", "sender": "\(hello.from)", "receiver": "\(hello.to)"]) { $1 })
      return close()
    }
    timer?.cancel()
    timer = nil
    reader.trust()
    purpose = hello.purpose
    peer = core.accepted(self, from: hello.from)
    if purpose == .snapshot { receiveSnapshot() }
    if let peer, let address = hello.address, address != peer.address { core.configuration.moved(peer.id, address) }
  }

  private func receiveSnapshot() {
    guard let peer else { return }
    let (stream, continuation) = AsyncStream.makeStream(of: Frame.self, bufferingPolicy: .bufferingOldest(16))
    frames = continuation
    expectFrame()
    core.receiveSnapshot(stream, from: peer, channel)
  }

  private func expectFrame() {
    timer?.cancel()
    timer = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(core.limits.snapshotStall)) { self.close() }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if !messages.isEmpty, !isOver {
      let batch = messages
      messages = []
      peer?.metrics.received(batch.count)
      core.user?.receive(batch)
    }
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if (error as? IOError)?.isSilence == true { end = .silence }
    if peer == nil, let error = error as? NIOSSLError, case .handshakeFailed = error {
      core.incidents.report(.refused, fields.merging(["reason": "\(error)"]) { $1 })
    }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    close(end)
    context.fireChannelInactive()
  }

  /// Ends it, from this side if nothing else is said.
  func close(_ end: LossDetector.End = .here) {
    if isOver { return }
    isOver = true
    timer?.cancel()
    timer = nil
    frames?.finish()
    channel.close(promise: nil)
    core.ended(self, end)
    peer = nil
  }

  private var fields: [String: Logger.MetadataValue] {
    var fields: [String: Logger.MetadataValue] = ["address": "\(channel.remoteAddress?.description ?? "")"]
    if let peer { fields["peer"] = "\(peer.id)" }
    return fields
  }
}
