import ClusterModel
import Logging
import NIOCore
import NIOTLS

/// Follows a connection that was taken from its beginning to its end, and closes it when it has no identity and stays too long.
///
/// Behind the TLS handler, which tells it when the handshake is over.
final class HandshakeWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let connection: PeerConnection
  private let gate: ConnectionGate
  private var limit: Scheduled<Void>?

  init(_ connection: PeerConnection, gate: ConnectionGate) {
    self.connection = connection
    self.gate = gate
  }

  func channelActive(context: ChannelHandlerContext) {
    guard gate.enters(connection) else {
      gate.logger.warning("connection.refused", metadata: ["address": "\(connection.source)", "why": "too many connections without an identity"])
      return context.close(promise: nil)
    }
    closes(context.channel, in: gate.limits.handshake)
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      limit?.cancel()
      limit = nil
      if !gate.introduced(connection) { closes(context.channel, in: gate.limits.strangersStay) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    gate.logger.debug("connection.failed", metadata: ["address": "\(connection.source)", "error": "\(error)"])
    context.fireErrorCaught(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    limit?.cancel()
    gate.left(connection)
    context.fireChannelInactive()
  }

  private func closes(_ channel: any Channel, in time: Duration) {
    limit = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { channel.close(promise: nil) }
  }
}
