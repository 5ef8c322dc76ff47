import ClusterModel
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// One GET. Redirects are not followed. A success's body is of no interest, of a failure's the beginning is kept.
final class HTTPQuestion: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private static let longestBody = 1024

  private let path: String
  private let host: String
  private let progress: NIOLockedValueBox<String>
  private let answer: EventLoopPromise<ProbeOutcome>
  /// Of a failure.
  private var status: UInt?
  private var body: [UInt8] = []

  init(path: String, host: String, progress: NIOLockedValueBox<String>, answer: EventLoopPromise<ProbeOutcome>) {
    self.path = path
    self.host = host
    self.progress = progress
    self.answer = answer
  }

  func channelActive(context: ChannelHandlerContext) {
    let headers: HTTPHeaders = ["Host": host, "User-Agent": "warren-health", "Accept": "*/*", "Connection": "close"]
    context.write(wrapOutboundOut(.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      let code = head.status.code
      if (200..<400).contains(code) { return answer.succeed(.success("HTTP \(code)")) }
      status = code
      progress.withLockedValue { $0 = "HTTP \(code), but not all of it" }
    case .body(let part):
      body += part.readableBytesView.prefix(Self.longestBody - body.count)
      if body.count == Self.longestBody { finish() }
    case .end: finish()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    finish()
    answer.fail(error is HTTPParserError ? ProbeError("the answer from \(host) is not HTTP") : error)
  }

  private func finish() {
    guard let status else { return }
    let text = String(decoding: body, as: UTF8.self)
    answer.succeed(.failure(text.isEmpty ? "HTTP \(status)" : "HTTP \(status): \(text)"))
  }
}
