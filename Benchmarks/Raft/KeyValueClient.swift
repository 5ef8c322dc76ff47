import ClusterModel
import GRPCSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

/// A client of one member, of ours or of etcd's. Connects when it is asked something and has no connection.
final class KeyValueClient: Sendable {
  private let port: Int
  private let connection = NIOLockedValueBox<EventLoopFuture<any Channel>?>(nil)

  init(port: Int) { self.port = port }

  func put(key: [UInt8], value: [UInt8], timeout: Duration = .seconds(60)) async throws {
    _ = try await call(KeyValuePut.path, KeyValuePut(key: key, value: value).bytes, timeout: timeout)
  }

  func leads(timeout: Duration) async -> Bool { (try? await call(KeyValueServer.isLeader, [], timeout: timeout)) == [1] }

  func close() async {
    let channel = try? await connection.withLockedValue { $0 }?.get()
    try? await channel?.close()
  }

  private func call(_ path: String, _ message: [UInt8], timeout: Duration) async throws -> [UInt8] {
    let channel = try await connect().get()
    return try await channel.eventLoop.flatSubmit {
      let promise = channel.eventLoop.makePromise(of: [UInt8].self)
      do {
        try channel.pipeline.syncOperations.handler(type: CallHandler.self)
          .call(path, message, timeout: .nanoseconds(Int64(timeout.nanoseconds)), promise)
      } catch { promise.fail(error) }
      return promise.futureResult
    }.get()
  }

  private func connect() -> EventLoopFuture<any Channel> {
    connection.withLockedValue { connection in
      if let connection { return connection }
      let made = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .connectTimeout(.seconds(1))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            // etcd sends a PING with nearly every answer.
            try channel.pipeline.syncOperations.addHandlers([PingShield()] + UnaryCall.handlers(.client, CallHandler()))
          }
        }
        .connect(host: "127.0.0.1", port: port)
      connection = made
      // Not within the lock: it may have failed already.
      made.eventLoop.execute {
        made.whenFailure { _ in self.forget(made) }
        made.whenSuccess { $0.closeFuture.whenComplete { _ in self.forget(made) } }
      }
      return made
    }
  }

  private func forget(_ old: EventLoopFuture<any Channel>) {
    connection.withLockedValue { if $0 === old { $0 = nil } }
  }
}

private final class CallHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  private struct Call {
    var promise: EventLoopPromise<[UInt8]>
    var limit: Scheduled<Void>
    var body: [UInt8] = []
  }

  private var context: ChannelHandlerContext?
  private var calls: [HTTP2StreamID: Call] = [:]
  private var next: HTTP2StreamID = 1

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func channelActive(context: ChannelHandlerContext) { UnaryCall.openWindow(context) }

  func channelInactive(context: ChannelHandlerContext) {
    for stream in calls.keys { finish(stream, .failure(ChannelError.eof)) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func call(_ path: String, _ message: [UInt8], timeout: TimeAmount, _ promise: EventLoopPromise<[UInt8]>) throws {
    guard let context, context.channel.isActive else { throw ChannelError.ioOnClosedChannel }
    let stream = next
    next = next.advanced(by: 2)
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    let limit = context.eventLoop.scheduleTask(in: timeout) { bound.value.giveUp(stream) }
    calls[stream] = Call(promise: promise, limit: limit)
    UnaryCall.write(
      UnaryCall.headers([
        ":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost", "content-type": "application/grpc", "te": "trailers",
      ]), on: stream, context)
    UnaryCall.write(UnaryCall.message(message, end: true, context), on: stream, context)
    context.flush()
  }

  private func giveUp(_ stream: HTTP2StreamID) {
    finish(stream, .failure(WarrenError(.deadlineExceeded, "No answer came in time.")))
    guard let context else { return }
    UnaryCall.write(.rstStream(.cancel), on: stream, context)
    context.flush()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.payload {
    case .data(let data):
      guard var call = calls.removeValue(forKey: frame.streamID) else { return }
      UnaryCall.append(data.data, to: &call.body)
      calls[frame.streamID] = call
    case .headers(let headers) where headers.endStream:
      guard let body = calls[frame.streamID]?.body else { return }
      let status = headers.headers.first(name: "grpc-status") ?? "?"
      finish(
        frame.streamID, status == "0" ? .success(Array(body.dropFirst(5))) : .failure(WarrenError(.unavailable, "The call ended with \(status).")))
    case .rstStream: finish(frame.streamID, .failure(ChannelError.eof))
    default: break
    }
  }

  private func finish(_ stream: HTTP2StreamID, _ result: Result<[UInt8], any Error>) {
    guard let call = calls.removeValue(forKey: stream) else { return }
    call.limit.cancel()
    call.promise.completeWith(result)
  }
}
