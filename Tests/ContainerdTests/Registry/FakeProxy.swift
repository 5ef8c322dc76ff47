import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A proxy on loopback that takes every `CONNECT` to one server, whatever name it is for.
final class FakeProxy: Sendable {
  let port: Int
  private let recorded: NIOLockedValueBox<[String]>
  /// The heads of the requests it got.
  var requests: [String] { recorded.withLockedValue { $0 } }

  private init(port: Int, recorded: NIOLockedValueBox<[String]>) {
    self.port = port
    self.recorded = recorded
  }

  /// - Parameter answer: its first line; other than 200 for a proxy that refuses.
  static func with(to target: Int, answer: String = "HTTP/1.1 200 OK", _ body: (FakeProxy) async throws -> Void) async throws {
    let recorded = NIOLockedValueBox<[String]>([])
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Head(target: target, answer: answer, recorded: recorded))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    do { try await body(FakeProxy(port: channel.localAddress?.port ?? 0, recorded: recorded)) } catch {
      try? await channel.close()
      throw error
    }
    try await channel.close()
  }

  /// Reads the request, then connects the two sides.
  private final class Head: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let target: Int
    private let answer: String
    private let recorded: NIOLockedValueBox<[String]>
    private var text = ""
    private var server: (any Channel)?

    init(target: Int, answer: String, recorded: NIOLockedValueBox<[String]>) {
      self.target = target
      self.answer = answer
      self.recorded = recorded
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if let server { return server.writeAndFlush(unwrapInboundIn(data), promise: nil) }
      text += String(buffer: unwrapInboundIn(data))
      guard text.hasSuffix("\r\n\r\n") else { return }
      recorded.withLockedValue { $0.append(text) }
      let client = context.channel
      let reply = ByteBuffer(string: "\(answer)\r\nContent-Length: 0\r\n\r\n")
      guard answer.contains(" 200 ") else { return client.writeAndFlush(reply, promise: nil) }
      ClientBootstrap(group: client.eventLoop)
        .channelInitializer { server in server.eventLoop.makeCompletedFuture { try server.pipeline.syncOperations.addHandler(Glue(to: client)) } }
        .connect(host: "127.0.0.1", port: target)
        .assumeIsolated().whenComplete { result in
          guard case .success(let server) = result else { return client.close(promise: nil) }
          self.server = server
          client.writeAndFlush(ByteBuffer(string: "\(self.answer)\r\n\r\n"), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { server?.close(promise: nil) }
  }

  private final class Glue: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { other.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
  }
}
