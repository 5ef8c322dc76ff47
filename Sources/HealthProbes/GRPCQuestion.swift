import ClusterModel
import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One call of `grpc.health.v1.Health/Check` on HTTP/2's frames (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
final class GRPCQuestion: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  private static let stream: HTTP2StreamID = 1
  private static let longestMessage = 1024

  private let service: String
  private let authority: String
  private let answer: EventLoopPromise<ProbeOutcome>
  private var message: [UInt8] = []

  init(service: String, authority: String, answer: EventLoopPromise<ProbeOutcome>) {
    self.service = service
    self.authority = authority
    self.answer = answer
  }

  func channelActive(context: ChannelHandlerContext) {
    let headers: HPACKHeaders = [
      ":method": "POST", ":scheme": "http", ":path": "/grpc.health.v1.Health/Check", ":authority": authority,
      "content-type": "application/grpc", "te": "trailers", "user-agent": "warren-health",
    ]
    write(.headers(.init(headers: headers)), context)
    write(.data(.init(data: .byteBuffer(ByteBuffer(bytes: HealthMessage.request(service: service))), endStream: true)), context)
    context.flush()
    context.fireChannelActive()
  }

  private func write(_ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(HTTP2Frame(streamID: Self.stream, payload: payload)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.payload {
    case .goAway(let last, let code, _) where last < Self.stream: fail("the server takes no call (\(code))")
    case .headers(let part) where frame.streamID == Self.stream: read(part.headers, isEnd: part.endStream)
    case .data(let part) where frame.streamID == Self.stream: read(part)
    case .rstStream(let code) where frame.streamID == Self.stream: fail("the server broke the call off (\(code))")
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answer.fail(error is any NIOHTTP2Error ? ProbeError("the answer from \(authority) is not HTTP/2") : error)
  }

  private func read(_ part: HTTP2Frame.FramePayload.Data) {
    if case .byteBuffer(let buffer) = part.data { message += buffer.readableBytesView.prefix(Self.longestMessage + 1 - message.count) }
    if message.count > Self.longestMessage {
      fail("the answer is too long")
    } else if part.endStream {
      fail("the answer has no status")
    }
  }

  /// A call that fails may have nothing but trailers.
  private func read(_ headers: HPACKHeaders, isEnd: Bool) {
    if let status = headers.first(name: "grpc-status") {
      finish(status, headers.first(name: "grpc-message") ?? "")
    } else if let status = headers.first(name: ":status"), status != "200" {
      fail("HTTP \(status)")
    } else if isEnd {
      fail("the answer has no status")
    }
  }

  private func finish(_ status: String, _ text: String) {
    if status == "0" {
      guard let health = HealthMessage.status(in: message) else { return fail("the answer is malformed") }
      return answer.succeed(health == .serving ? .success("gRPC: \(health)") : .failure("gRPC: \(health)"))
    }
    let name = Int(status).flatMap { GRPCStatus.name($0) }.map { " (\($0))" } ?? ""
    // What is not percent-encoded properly is shown as it is.
    fail("status \(status)\(name)" + (text.isEmpty ? "" : ": \(text.removingPercentEncoding ?? text)"))
  }

  private func fail(_ text: String) { answer.succeed(.failure("gRPC: \(text)")) }
}
