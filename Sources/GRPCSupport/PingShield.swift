package import NIOCore

/// Answers HTTP/2 PING frames before the HTTP/2 handler sees them.
///
/// swift-nio-http2 closes a connection with ENHANCE_YOUR_CALM after 200 control frames in 30 s (apple/swift-nio-http2#561), and
/// grpc-swift's transport does not expose that limit, while grpc-go (containerd, and clients of ours written in Go) sends a PING with
/// nearly every message. It stands in front of the HTTP/2 handler of a connection; PINGs of a peer that floods beyond `limit` are left
/// to that handler's own defence.
package final class PingShield: ChannelInboundHandler {
  package typealias InboundIn = ByteBuffer
  package typealias InboundOut = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  /// RFC 9113, section 3.4.
  private static let prefaceLength = 24
  private static let headerLength = 9
  private static let pingLength = 17
  private static let pingType: UInt8 = 6
  private static let window = TimeAmount.seconds(30)

  /// Bytes at the end of the last read that are not yet a whole frame header or PING.
  private var pending = ByteBuffer()
  /// Payload bytes of the current frame that are still to be passed on.
  private var passThrough: Int
  private var pings = 0
  private var windowEnd = NIODeadline.now() + PingShield.window
  private let limit: Int

  /// - Parameters:
  ///   - server: whether this is a server's end, which first receives the connection preface.
  ///   - limit: the most PINGs answered in 30 s.
  package init(server: Bool = false, limit: Int = 1_000_000) {
    self.limit = limit
    passThrough = server ? Self.prefaceLength : 0
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var input = unwrapInboundIn(data)
    if pending.readableBytes > 0 {
      pending.writeBuffer(&input)
      input = pending
      pending = ByteBuffer()
    }
    var output = context.channel.allocator.buffer(capacity: input.readableBytes)
    var answered = false
    while input.readableBytes > 0 {
      if passThrough > 0 {
        let count = min(passThrough, input.readableBytes)
        passThrough -= count
        if var part = input.readSlice(length: count) { output.writeBuffer(&part) }
        continue
      }
      guard let frame = FrameHeader(input) else { break }
      if frame.isPing, mayAnswer() {
        guard input.readableBytes >= Self.pingLength, let ping = input.readSlice(length: Self.pingLength) else { break }
        context.write(wrapOutboundOut(Self.acknowledgement(of: ping, allocator: context.channel.allocator)), promise: nil)
        pings += 1
        answered = true
      } else {
        passThrough = Self.headerLength + frame.length
      }
    }
    if input.readableBytes > 0 { pending = input.slice() }
    if output.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(output)) }
    if answered { context.flush() }
  }

  private func mayAnswer() -> Bool {
    let now = NIODeadline.now()
    if now > windowEnd {
      windowEnd = now + Self.window
      pings = 0
    }
    return pings < limit
  }

  private static func acknowledgement(of ping: ByteBuffer, allocator: ByteBufferAllocator) -> ByteBuffer {
    var frame = allocator.buffer(capacity: pingLength)
    frame.writeInteger(UInt32(8) << 8 | UInt32(pingType))
    frame.writeInteger(UInt8(1))
    frame.writeInteger(UInt32(0))
    if let opaque = ping.getSlice(at: ping.readerIndex + headerLength, length: 8) { frame.writeImmutableBuffer(opaque) }
    return frame
  }

  /// RFC 9113, section 4.1.
  private struct FrameHeader {
    var length: Int
    var type: UInt8
    var flags: UInt8

    /// A PING that is not an acknowledgement.
    var isPing: Bool { type == PingShield.pingType && length == 8 && flags & 1 == 0 }

    init?(_ buffer: ByteBuffer) {
      let start = buffer.readerIndex
      guard buffer.readableBytes >= PingShield.headerLength,
        let high: UInt16 = buffer.getInteger(at: start), let low: UInt8 = buffer.getInteger(at: start + 2),
        let type: UInt8 = buffer.getInteger(at: start + 3), let flags: UInt8 = buffer.getInteger(at: start + 4)
      else { return nil }
      length = Int(high) << 8 | Int(low)
      self.type = type
      self.flags = flags
    }
  }
}
