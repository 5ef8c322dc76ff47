import NIOCore
import NIOHPACK
import NIOHTTP2

/// A health service of gRPC that answers every call with the same frames.
final class HealthAnswer: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  struct Script: Sendable {
    var headers: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]
    /// Sent as it is: with gRPC's frame.
    var message: [UInt8]?
    var trailers: HPACKHeaders? = ["grpc-status": "0"]
    var heard: @Sendable (HPACKHeaders, [UInt8]) -> Void = { _, _ in }

    static func status(_ number: UInt8) -> Script { Script(message: [0, 0, 0, 0, 2, 8, number]) }

    static func failure(_ code: String, _ text: String? = nil) -> Script {
      var script = Script(trailers: nil)
      script.headers.add(name: "grpc-status", value: code)
      if let text { script.headers.add(name: "grpc-message", value: text) }
      return script
    }
  }

  private let script: Script
  private var headers: HPACKHeaders = [:]
  private var message: [UInt8] = []

  init(_ script: Script) { self.script = script }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.payload {
    case .headers(let part): headers = part.headers
    case .data(let part):
      if case .byteBuffer(let buffer) = part.data { message += buffer.readableBytesView }
      if part.endStream { answer(on: frame.streamID, context) }
    default: break
    }
  }

  private func answer(on stream: HTTP2StreamID, _ context: ChannelHandlerContext) {
    script.heard(headers, message)
    write(.headers(.init(headers: script.headers, endStream: script.message == nil && script.trailers == nil)), stream, context)
    if let message = script.message {
      write(.data(.init(data: .byteBuffer(ByteBuffer(bytes: message)), endStream: script.trailers == nil)), stream, context)
    }
    if let trailers = script.trailers { write(.headers(.init(headers: trailers, endStream: true)), stream, context) }
    context.flush()
  }

  private func write(_ payload: HTTP2Frame.FramePayload, _ stream: HTTP2StreamID, _ context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
