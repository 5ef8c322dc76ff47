package import ClusterModel
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCSupport
package import Logging
import NIOConcurrencyHelpers
import NIOCore
import ServiceLifecycle
import WarrenAPI

/// Serves the API to this machine's administrators, on a unix socket: who may open it (root and the group `warren`) may do everything.
package struct APIServer: Service {
  package static let defaultSocketPath = "/run/warren/warren.sock"
  /// Those may use the socket beside root, if there is such a group.
  package static let socketGroup = "warren"

  private let api: ManagerAPI
  private let listener: UnixListener
  private let logger: Logger
  /// How long calls under way may take to end after a shutdown was asked for.
  private let shutdownGrace: Duration

  /// Takes the socket. Who connects from now on is served when `run()` begins.
  /// - Throws: `failedPrecondition` when another daemon serves there, `permissionDenied`, …
  package init(
    api: ManagerAPI, socketPath: String = APIServer.defaultSocketPath, shutdownGrace: Duration = .seconds(5), logger: Logger
  ) throws(WarrenError) {
    self.api = api
    self.logger = logger
    self.shutdownGrace = shutdownGrace
    listener = try UnixListener(path: socketPath, group: Self.socketGroup)
  }

  package func run() async throws {
    defer { listener.removeFile() }
    let transport = HTTP2ServerTransport.Posix(
      listeningSocketDescriptor: Int(listener.descriptor), transportSecurity: .plaintext,
      config: .defaults { config in
        // The stream of a larger one is closed without a status: our clients do not send any.
        config.rpc.maxRequestPayloadSize = RequestLimit.mostBytes
        config.http2.maxConcurrentStreams = 1024
        config.connection.flushCoalescing = nil
        config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(PingShield(server: true), position: .first)
          }
        }
      })
    let isStopping = NIOLockedValueBox(false)
    let observer = CallObserver(logger: logger, isStopping: { isStopping.withLockedValue { $0 } })
    let server = GRPCServer(transport: transport, services: [api], interceptors: [observer])
    logger.info("api.serving", metadata: ["socket": "\(listener.path)"])
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (stops, stop) = AsyncStream.makeStream(of: Void.self)
      group.addTask { try await server.serve() }
      group.addTask { [shutdownGrace] in
        for await _ in stops {}
        isStopping.withLockedValue { $0 = true }
        server.beginGracefulShutdown()
        // That cancels all calls; one that does not mind must not keep the process.
        try await Task.sleep(for: shutdownGrace)
        throw CancellationError()
      }
      try await withTaskCancellationOrGracefulShutdownHandler {
        do { try await group.next() } catch is CancellationError {}
      } onCancelOrGracefulShutdown: {
        stop.finish()
      }
      group.cancelAll()
    }
    logger.info("api.stopped", metadata: ["socket": "\(listener.path)"])
  }
}
