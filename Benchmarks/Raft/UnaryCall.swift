import NIOCore
import NIOHPACK
import NIOHTTP2

/// One call of gRPC with one message each way (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), straight on HTTP/2's frames: what a
/// general library does besides would be measured, too, and on our side only.
enum UnaryCall {
  typealias Context = ChannelHandlerContext

  /// So many bytes may come before the other side has to be told that more may.
  static let window = 1 << 30

  static func handlers(_ mode: NIOHTTP2Handler.ParserMode, _ handler: some ChannelInboundHandler) -> [any ChannelHandler] {
    [NIOHTTP2Handler(mode: mode), handler]
  }

  static func openWindow(_ context: Context) {
    write(.windowUpdate(windowSizeIncrement: window), on: .rootStream, context)
    context.flush()
  }

  static func write(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID, _ context: Context) {
    context.write(NIOAny(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
  }

  static func headers(_ headers: HPACKHeaders, end: Bool = false) -> HTTP2Frame.FramePayload {
    .headers(.init(headers: headers, endStream: end))
  }

  /// Not compressed.
  static func message(_ bytes: [UInt8], end: Bool = false, _ context: Context) -> HTTP2Frame.FramePayload {
    var buffer = context.channel.allocator.buffer(capacity: 5 + bytes.count)
    buffer.writeInteger(UInt8(0))
    buffer.writeInteger(UInt32(bytes.count))
    buffer.writeBytes(bytes)
    return .data(.init(data: .byteBuffer(buffer), endStream: end))
  }

  static func append(_ data: IOData, to bytes: inout [UInt8]) {
    if case .byteBuffer(let buffer) = data { bytes += buffer.readableBytesView }
  }
}
