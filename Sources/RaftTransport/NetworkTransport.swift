package import ClusterModel
import Glibc
package import Logging
package import NIOCore
import NIOPosix
package import Raft
import ServiceLifecycle

/// Carries messages as length-prefixed protobuf frames over TLS: to each member one connection for control and one for data, and one
/// more while a snapshot is sent. Each member makes those it sends over. All of it happens on one event loop.
///
/// It listens from `listen` on and talks from `attach` on, until `stop` or the graceful shutdown of its service.
package final class NetworkTransport: RaftTransport, Service {
  /// Where it listens, with the port that it got.
  package let address: HostPort

  private let loop: any EventLoop
  private let core: NIOLoopBound<TransportCore>
  private let outbox: Outbox
  private let listener: any Channel
  private let flushLimit: Duration

  private init(address: HostPort, loop: any EventLoop, core: NIOLoopBound<TransportCore>, outbox: Outbox, listener: any Channel, flush: Duration) {
    self.address = address
    self.loop = loop
    self.core = core
    self.outbox = outbox
    self.listener = listener
    flushLimit = flush
  }

  /// - Throws: `.failedPrecondition` when it cannot listen there, or the certificates cannot be used.
  package static func listen(
    _ configuration: TransportConfiguration, on loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any(), logger: Logger
  ) async throws -> NetworkTransport {
    let host = configuration.listen.host
    if case .plaintextForTestsOnLoopback = configuration.security, !["127.0.0.1", "::1"].contains(host) {
      throw WarrenError(.invalidArgument, "Raft must not be spoken without TLS on \(host). Give certificates, or listen on 127.0.0.1.")
    }
    let outbox = Outbox(limits: configuration.limits)
    let incidents = Incidents(logger: logger)
    let core: NIOLoopBound<TransportCore>
    do {
      core = try await loop.submit { NIOLoopBound(try TransportCore(configuration, loop, outbox, incidents), eventLoop: loop) }.get()
    } catch {
      throw WarrenError(.failedPrecondition, "The certificates for talking to other managers cannot be used.", cause: error)
    }
    let listener: any Channel
    do { listener = try await bind(configuration, loop, core) } catch {
      throw WarrenError(
        .failedPrecondition,
        "cannot listen for other managers on \(HostPort(host: host.isEmpty ? "*" : host, port: configuration.listen.port)); "
          + "another program may use the port, or this machine may not have the address; choose another with --bind-addr", cause: error)
    }
    let address = HostPort(host: host, port: listener.localAddress?.port ?? configuration.listen.port)
    return NetworkTransport(
      address: address, loop: loop, core: core, outbox: outbox, listener: listener, flush: configuration.limits.flush)
  }

  /// Whoever connects before `attach` waits in the kernel's queue.
  private static func bind(_ configuration: TransportConfiguration, _ loop: any EventLoop, _ core: NIOLoopBound<TransportCore>) async throws
    -> any Channel
  {
    var bootstrap = ServerBootstrap(group: loop)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try core.value.accept(channel) } }
    for option in SocketOption.all(silence: configuration.limits.silence) {
      bootstrap = bootstrap.childChannelOption(option.option, value: option.value)
    }
    let listen = configuration.listen
    if !listen.host.isEmpty { return try await bootstrap.bind(host: listen.host, port: listen.port).get() }
    // A machine without IPv6 has only the other kind.
    do { return try await bootstrap.bind(host: "::", port: listen.port).get() } catch let error as IOError
      where error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL
    {
      return try await bootstrap.bind(host: "0.0.0.0", port: listen.port).get()
    }
  }

  package func attach(_ user: any RaftTransportUser) {
    loop.execute {
      self.core.value.user = user
      self.listener.setOption(.autoRead, value: true).whenFailure { _ in }
    }
  }

  package func send(_ messages: [Message]) {
    if outbox.add(messages) { loop.execute { self.core.value.drain() } }
  }

  package func setPeers(_ peers: [MemberID: HostPort], former: [MemberID: HostPort]) {
    loop.execute { self.core.value.setPeers(peers, former: former) }
  }

  /// For connections made from now on; those there are stay.
  /// - Throws: `.failedPrecondition` when they cannot be used; the earlier ones stay then.
  package func setCertificates(_ certificates: TransportCertificates) async throws {
    do { try await loop.submit { try self.core.value.setSecurity(.mutualTLS(certificates)) }.get() } catch {
      throw WarrenError(.failedPrecondition, "The certificates for talking to other managers cannot be used.", cause: error)
    }
  }

  package func run() async throws {
    let (shutdown, continuation) = AsyncStream.makeStream(of: Void.self)
    await withTaskCancellationOrGracefulShutdownHandler {
      for await _ in shutdown {}
    } onCancelOrGracefulShutdown: {
      continuation.finish()
    }
    await stop()
  }

  /// Stops listening, sends what is queued if that takes little time, and ends all connections. Idempotent.
  package func stop() async {
    listener.close(promise: nil)
    let limit = TimeAmount(flushLimit)
    let loop = loop
    let core = core
    let done = loop.flatSubmit {
      let promise = loop.makePromise(of: Void.self)
      let timer = loop.assumeIsolated().scheduleTask(in: limit) { promise.succeed() }
      core.value.stop().assumeIsolated().whenComplete { _ in
        timer.cancel()
        promise.succeed()
      }
      return promise.futureResult
    }
    try? await done.get()
    for task in (try? await loop.submit { core.value.close() }.get()) ?? [] { await task.value }
  }
}
