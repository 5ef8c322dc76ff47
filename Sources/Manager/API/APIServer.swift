package import ClusterModel
package import ClusterTLS
package import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCSupport
package import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import ServiceLifecycle
import WarrenAPI

/// Serves the API: to this machine's administrators on a unix socket, where who may open it (root and the group `warren`) may do everything;
/// and to nodes, and people elsewhere, on a TCP port, where the certificate says who calls.
package struct APIServer: Service {
  package static let defaultSocketPath = "/run/warren/warren.sock"
  /// Those may use the socket beside root, if there is such a group.
  package static let socketGroup = "warren"

  /// The port that others reach.
  package struct Network: Sendable {
    package let listener: TCPListener
    package let gate: ConnectionGate

    package init(listener: TCPListener, gate: ConnectionGate) {
      self.listener = listener
      self.gate = gate
    }
  }

  /// More than a connection needs from the kernel to the server, on a busy machine, too.
  private static let timeToBeTaken = Duration.milliseconds(300)

  /// Where connections are looked after: what is read goes on in the same thread, where another would have to be woken for each part of a call.
  /// The calls themselves run elsewhere (`CallObserver`), so that none holds up the others.
  private static let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  /// For a call that was cancelled to end.
  private static let timeToEnd = Duration.seconds(2)

  private let services: [any RegistrableRPCService]
  private let interceptors: [any ServerInterceptor]
  private let listener: UnixListener
  private let network: Network?
  private let trust: StoredTrust
  private let log: any ReplicatedLog
  private let now: @Sendable () -> Timestamp
  private let logger: Logger
  /// How long calls under way may take to end after a shutdown was asked for.
  private let shutdownGrace: Duration

  /// Takes the socket. Who connects from now on is served when `run()` begins.
  /// - Parameters:
  ///   - services: served beside `api`, under the same rules.
  ///   - interceptors: stand between the access check (`AuthorizedCall.current` is there for them) and the services.
  ///   - now: for the lives of certificates.
  /// - Throws: `failedPrecondition` when another daemon serves there, `permissionDenied`, …
  package init(
    api: ManagerAPI, services: [any RegistrableRPCService] = [], interceptors: [any ServerInterceptor] = [],
    socketPath: String = APIServer.defaultSocketPath, network: Network? = nil, shutdownGrace: Duration = .seconds(5),
    now: @escaping @Sendable () -> Timestamp = { .epoch }, logger: Logger
  ) throws(WarrenError) {
    self.services = [api] + services
    self.interceptors = interceptors
    self.network = network
    self.now = now
    self.logger = logger
    self.shutdownGrace = shutdownGrace
    trust = StoredTrust(api.store)
    log = api.log
    listener = try UnixListener(path: socketPath, group: Self.socketGroup)
  }

  package func run() async throws {
    defer { listener.removeFile() }
    let isStopping = NIOLockedValueBox(false)
    let observer = CallObserver(logger: logger, isStopping: { isStopping.withLockedValue { $0 } })
    let servers = transports(isStopping: { isStopping.withLockedValue { $0 } }).map { transport, origin in
      let access = AccessInterceptor(origin, trust: trust, now: now) { [log] in _ = try await log.readBarrier() }
      return GRPCServer(transport: transport, services: services, interceptors: [observer, access] + interceptors)
    }
    logger.info("api.serving", metadata: ["socket": "\(listener.path)", "address": "\(network?.listener.name ?? "none")"])
    let (stops, stop) = AsyncStream.makeStream(of: Void.self)
    // In tasks of their own: a server that stops drops the connection that it is just taking, and NIO ends the process over that (swift-nio
    // 3481). So first no more are taken, then the servers stop, and only what does not mind that is cancelled.
    let executor = EventLoopExecutor(Self.loop.next())
    let serving = servers.map { server in Task(executorPreference: executor) { try await server.serve() } }
    // Nil when the calls that are left are given up.
    let (ends, end) = AsyncStream.makeStream(of: Result<Void, any Error>?.self)
    for server in serving { Task { end.yield(await server.result) } }
    let stopping = Task { [shutdownGrace] in
      for await _ in stops {}
      isStopping.withLockedValue { $0 = true }
      // Nothing tells when the last connection that the kernel had taken has reached its server.
      try await Task.sleep(for: Self.timeToBeTaken)
      for server in servers { server.beginGracefulShutdown() }
      // That cancels all calls; one that does not mind must not keep the process.
      try await Task.sleep(for: shutdownGrace)
      for server in serving { server.cancel() }
      try await Task.sleep(for: Self.timeToEnd)
      end.yield(nil)
    }
    defer { stopping.cancel() }
    try await withTaskCancellationOrGracefulShutdownHandler {
      // In a task of its own, which is not cancelled with its caller: what is under way has its time.
      let waiting = Task { [left = serving.count] in
        var left = left
        for await result in ends {
          guard let result else {
            logger.warning("api.calls-given-up", metadata: ["socket": "\(listener.path)"])
            return
          }
          left -= 1
          if case .failure(let error) = result {
            stop.finish()
            if !isStopping.withLockedValue({ $0 }) { throw error }
          }
          if left == 0 { return }
        }
      }
      try await waiting.value
    } onCancelOrGracefulShutdown: {
      stop.finish()
    }
    logger.info("api.stopped", metadata: ["socket": "\(listener.path)"])
  }

  private func transports(isStopping: @escaping @Sendable () -> Bool) -> [(HTTP2ServerTransport.Posix, AccessInterceptor.Origin)] {
    let local = Self.transport(listener.descriptor) { channel in
      if isStopping() { throw ManagerAPI.stopping }
      try channel.pipeline.syncOperations.addHandler(PingShield(server: true), position: .first)
    }
    guard let network else { return [(local, .local)] }
    let secured = Self.transport(network.listener.descriptor) { [gate = network.gate] channel in
      if isStopping() { throw ManagerAPI.stopping }
      try channel.pipeline.syncOperations.addHandler(PingShield(server: true), position: .first)
      try gate.secure(channel)
    }
    return [(local, .local), (secured, .network(network.gate))]
  }

  /// - Parameter prepare: puts in front of HTTP/2 what belongs there.
  private static func transport(_ descriptor: CInt, prepare: @escaping @Sendable (any Channel) throws -> Void) -> HTTP2ServerTransport.Posix {
    HTTP2ServerTransport.Posix(
      listeningSocketDescriptor: Int(descriptor), transportSecurity: .plaintext,
      config: .defaults { config in
        // The stream of a larger one is closed without a status: our clients do not send any.
        config.rpc.maxRequestPayloadSize = RequestLimit.mostBytes
        config.http2.maxConcurrentStreams = 1024
        config.connection.flushCoalescing = nil
        config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
          channel.eventLoop.makeCompletedFuture { try prepare(channel) }
        }
      }, eventLoopGroup: loop)
  }
}
