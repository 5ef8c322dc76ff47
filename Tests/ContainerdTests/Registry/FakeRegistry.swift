import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTP server on loopback that answers as the test says and remembers what it was asked.
final class FakeRegistry: Sendable {
  struct Request: Sendable {
    var method: HTTPMethod
    var uri: String
    var headers: HTTPHeaders
    var body: String

    var path: String { String(uri.prefix { $0 != "?" }) }
    var authorization: String? { headers.first(name: "Authorization") }
  }

  struct Response: Sendable {
    var status: HTTPResponseStatus = .ok
    var headers: HTTPHeaders = [:]
    var body: [UInt8] = []
    /// Close the connection after so many bytes of the body, having announced all.
    var cutAfter: Int?

    static func json(_ status: HTTPResponseStatus, _ text: String, _ headers: HTTPHeaders = [:]) -> Response {
      Response(status: status, headers: headers, body: Array(text.utf8))
    }
  }

  typealias Handler = @Sendable (Request, _ address: String) -> Response

  let address: String
  let port: Int
  private let recorded: NIOLockedValueBox<[Request]>
  var requests: [Request] { recorded.withLockedValue { $0 } }

  private init(port: Int, recorded: NIOLockedValueBox<[Request]>) {
    address = "127.0.0.1:\(port)"
    self.port = port
    self.recorded = recorded
  }

  /// - Parameter tls: nil for plain http.
  static func with<R: Sendable>(
    tls: NIOSSLContext? = nil, _ handler: @escaping Handler, _ body: (FakeRegistry) async throws -> R
  ) async throws -> R {
    let recorded = NIOLockedValueBox<[Request]>([])
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Connection(handler: handler, recorded: recorded))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let registry = FakeRegistry(port: channel.localAddress?.port ?? 0, recorded: recorded)
    do {
      let result = try await body(registry)
      try await channel.close()
      return result
    } catch {
      try? await channel.close()
      throw error
    }
  }

  private final class Connection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let handler: Handler
    private let recorded: NIOLockedValueBox<[Request]>
    private var request: Request?

    init(handler: @escaping Handler, recorded: NIOLockedValueBox<[Request]>) {
      self.handler = handler
      self.recorded = recorded
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): request = Request(method: head.method, uri: head.uri, headers: head.headers, body: "")
      case .body(let buffer): request?.body += String(buffer: buffer)
      case .end: if let request { answer(request, context) }
      }
    }

    private func answer(_ request: Request, _ context: ChannelHandlerContext) {
      recorded.withLockedValue { $0.append(request) }
      let response = handler(request, "127.0.0.1:\(context.channel.localAddress?.port ?? 0)")
      var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
      head.headers.replaceOrAdd(name: "Content-Length", value: "\(response.body.count)")
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      let body = response.body.prefix(response.cutAfter ?? response.body.count)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
      if response.cutAfter != nil {
        context.flush()
        context.close(promise: nil)
      } else {
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      }
    }
  }
}
