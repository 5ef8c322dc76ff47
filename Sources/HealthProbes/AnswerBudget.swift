import NIOCore

/// Ends an answer that is longer than any good one, whatever it consists of.
final class AnswerBudget: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private static let limit = 32 << 10
  private var rest = AnswerBudget.limit

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    rest -= unwrapInboundIn(data).readableBytes
    if rest >= 0 { return context.fireChannelRead(data) }
    context.fireErrorCaught(ProbeError("the answer is longer than \(Self.limit >> 10) KiB"))
    context.close(promise: nil)
  }
}
