import ClusterModel
import NIOConcurrencyHelpers
package import NIOCore
import NIOSSL
import NIOTLS

/// Learns why a connection to a manager could not be made: from connecting to the end of the handshake.
///
/// Behind the TLS handler.
final class DialWatch: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  private let refusal: NIOLockedValueBox<WarrenError?>
  private let failures: DialFailures?
  private let patience: TimeAmount
  private var address = ""
  private var isDone = false
  private var failure: (any Error)?

  /// - Parameter refusal: why the other side's certificate was not accepted.
  init(refusal: NIOLockedValueBox<WarrenError?>, failures: DialFailures?, patience: TimeAmount) {
    self.patience = patience
    self.refusal = refusal
    self.failures = failures
  }

  func connect(context: ChannelHandlerContext, to address: SocketAddress, promise: EventLoopPromise<Void>?) {
    self.address = address.dialText
    let outcome = promise ?? context.eventLoop.makePromise()
    outcome.futureResult.assumeIsolated().whenFailure { [failures, address] error in failures?[address.dialText] = DialFailure.error(error) }
    let channel = context.channel
    let limit = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [self] in
      if isDone { return }
      failures?[self.address] = DialFailure.error(ChannelError.connectTimeout(patience))
      failure = ChannelError.connectTimeout(patience)
      channel.close(promise: nil)
    }
    channel.closeFuture.whenComplete { _ in limit.cancel() }
    context.connect(to: address, promise: outcome)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
      isDone = true
      failures?[address] = negotiated == "h2" ? nil : DialFailure.notWarren
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if !isDone, failure == nil {
      failure = error
      failures?[address] = refusal.withLockedValue { $0 } ?? DialFailure.error(error)
    }
    context.fireErrorCaught(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    // An attempt that this side gave up says less than the one before it.
    if !isDone, failure == nil, failures?[address] == nil { failures?[address] = refusal.withLockedValue { $0 } ?? DialFailure.notWarren }
    context.fireChannelInactive()
  }
}

extension SocketAddress {
  /// `10.0.0.1:8080`, `[fd00::1]:8080`.
  package var dialText: String {
    let ip = ipAddress ?? "?"
    return "\(ip.contains(":") ? "[\(ip)]" : ip):\(port ?? 0)"
  }
}
