import Glibc
import NIOCore

/// Says the same to whatever it is told first.
final class RawAnswer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  enum End {
    case close, stay
    /// With an RST.
    case reset
    /// Says this again and again.
    case repeating(String)
  }

  private let answer: [UInt8]
  private let end: End
  private let heard: @Sendable (String) -> Void
  private var hasAnswered = false

  init(_ answer: [UInt8] = [], then end: End = .stay, heard: @escaping @Sendable (String) -> Void = { _ in }) {
    self.answer = answer
    self.end = end
    self.heard = heard
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if hasAnswered { return }
    hasAnswered = true
    heard(String(buffer: unwrapInboundIn(data)))
    let channel = context.channel
    channel.writeAndFlush(ByteBuffer(bytes: answer), promise: nil)
    switch end {
    case .stay: break
    case .close: channel.close(promise: nil)
    case .reset:
      (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
    // Much at a time: an event loop reads nothing while the socket takes what it writes.
    case .repeating(let text): Self.send(ByteBuffer(string: String(repeating: text, count: 1 + (64 << 10) / text.utf8.count)), for: channel)
    }
  }

  /// Ends with the connection.
  private static func send(_ bytes: ByteBuffer, for channel: any Channel) {
    channel.writeAndFlush(bytes).whenSuccess { channel.eventLoop.execute { send(bytes, for: channel) } }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
