import ClusterModel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Serves `/metrics`, `/health`, `/ready` and `/live` over HTTP/1.1: one request a connection, of bounded size and time.
struct ObservabilityServer: Service {
  static let requestLimit = 16 << 10
  static let connectionLimit = 64

  let host: String
  /// 0: any free one.
  let port: Int
  /// False: when the address is taken, the node runs without this server.
  let isRequired: Bool
  let pages: ObservabilityPages
  let logger: Logger
  /// How long a connection may last.
  var patience = Duration.seconds(10)
  /// Told the port once connections are accepted.
  var onListening: @Sendable (Int) -> Void = { _ in }

  func run() async throws {
    guard let server = try await bind() else { return try await gracefulShutdown() }
    logger.info("observability.listening", metadata: ["address": "\(server.channel.localAddress?.description ?? "\(host):\(port)")"])
    onListening(server.channel.localAddress?.port ?? port)
    do {
      try await cancelWhenGracefulShutdown { try await serve(server) }
    } catch is CancellationError {
      return
    }
  }

  private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

  private func bind() async throws -> NIOAsyncChannel<Connection, Never>? {
    do {
      return try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: host.isEmpty ? "0.0.0.0" : host, port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(RequestBudget(bytes: Self.requestLimit))
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
            return try Connection(wrappingChannelSynchronously: channel)
          }
        }
    } catch {
      let failure = WarrenError(
        .failedPrecondition,
        "Cannot serve metrics and health on \(host):\(port); free that address, or choose another with --metrics-addr (off: none)", cause: error)
      guard !isRequired else { throw failure }
      logger.warning("observability.off", metadata: ["error": "\(failure)"])
      return nil
    }
  }

  private func serve(_ server: NIOAsyncChannel<Connection, Never>) async throws {
    try await server.executeThenClose { connections in
      try await withThrowingDiscardingTaskGroup { group in
        let open = OpenConnections()
        for try await connection in connections {
          guard open.enter(limit: Self.connectionLimit) else {
            connection.channel.close(promise: nil)
            continue
          }
          group.addTask {
            // A connection that breaks or takes too long is its client's affair.
            try? await withDeadline(patience) { try await answer(connection) }
            open.leave()
          }
        }
      }
    }
  }

  private func answer(_ connection: Connection) async throws {
    try await connection.executeThenClose { inbound, outbound in
      var request: HTTPRequestHead?
      for try await part in inbound {
        if case .head(let head) = part { request = head }
        guard case .end = part, let head = request else { continue }
        let answer = await pages.answer(method: head.method, uri: head.uri)
        try await outbound.write(contentsOf: Self.parts(answer, isHead: head.method == .HEAD))
        request = nil
        // The client closes when it has everything; closing first could cut off what it has not read yet.
      }
    }
  }

  private static func parts(_ answer: ObservabilityPages.Answer, isHead: Bool) -> [HTTPServerResponsePart] {
    let body = ByteBuffer(string: answer.body)
    var headers = HTTPHeaders([
      ("content-type", answer.contentType), ("content-length", "\(body.readableBytes)"), ("cache-control", "no-store"), ("connection", "close"),
    ])
    if answer.status == .methodNotAllowed { headers.add(name: "allow", value: "GET, HEAD") }
    let head = HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers))
    return isHead ? [head, .end(nil)] : [head, .body(.byteBuffer(body)), .end(nil)]
  }
}
