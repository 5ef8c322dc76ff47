import ClusterModel
import Manager
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import ServiceLifecycle

/// The part of etcd's API that the benchmark uses, and whether this member leads.
struct KeyValueServer: Service {
  static let isLeader = "/warren.bench.Raft/IsLeader"

  let member: RaftMember
  let port: Int

  func run() async throws {
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(UnaryCall.handlers(.server, CallHandler(answer: answer)))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    try? await gracefulShutdown()
    try await server.close()
  }

  @Sendable private func answer(_ path: String, _ message: [UInt8]) async throws -> [UInt8] {
    if path == Self.isLeader { return [member.leadership.isLeader ? 1 : 0] }
    _ = try await member.propose(message)
    return []
  }
}

private final class CallHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  private let answer: @Sendable (String, [UInt8]) async throws -> [UInt8]
  private var calls: [HTTP2StreamID: (path: String, body: [UInt8])] = [:]

  init(answer: @escaping @Sendable (String, [UInt8]) async throws -> [UInt8]) { self.answer = answer }

  func channelActive(context: ChannelHandlerContext) { UnaryCall.openWindow(context) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.payload {
    case .headers(let headers): calls[frame.streamID] = (headers.headers.first(name: ":path") ?? "", [])
    case .data(let data):
      guard var call = calls.removeValue(forKey: frame.streamID) else { return }
      UnaryCall.append(data.data, to: &call.body)
      if data.endStream { serve(call.path, Array(call.body.dropFirst(5)), frame.streamID, context) } else { calls[frame.streamID] = call }
    case .rstStream: calls[frame.streamID] = nil
    default: break
    }
  }

  private func serve(_ path: String, _ message: [UInt8], _ stream: HTTP2StreamID, _ context: ChannelHandlerContext) {
    let context = NIOLoopBound(context, eventLoop: context.eventLoop)
    let answer = answer
    context.value.eventLoop.makeFutureWithTask { try await answer(path, message) }
      .whenComplete { Self.respond($0, on: stream, context.value) }
  }

  private static func respond(_ response: Result<[UInt8], any Error>, on stream: HTTP2StreamID, _ context: ChannelHandlerContext) {
    var headers: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]
    switch response {
    case .success(let message):
      UnaryCall.write(UnaryCall.headers(headers), on: stream, context)
      UnaryCall.write(UnaryCall.message(message, context), on: stream, context)
      UnaryCall.write(UnaryCall.headers(["grpc-status": "0"], end: true), on: stream, context)
    case .failure:
      // UNAVAILABLE
      headers.add(name: "grpc-status", value: "14")
      UnaryCall.write(UnaryCall.headers(headers, end: true), on: stream, context)
    }
    context.flush()
  }
}
