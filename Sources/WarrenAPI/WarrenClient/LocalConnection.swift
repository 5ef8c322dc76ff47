import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCSupport
import NIOPosix

/// A connection to the manager on this machine, which is being made from the moment that this exists.
///
/// It ends with `WarrenClient.connected`, or with the process.
package struct LocalConnection: Sendable {
  let socketPath: String
  let client: GRPCClient<HTTP2ClientTransport.Posix>
  let connections: Task<Void, Never>
  /// For calls, which may not block it.
  let executor = EventLoopExecutor(MultiThreadedEventLoopGroup.singleton.next())

  /// - Parameter mayBeStale: whether reads are answered with what the manager knows, however old.
  /// - Throws: when the path is none that a socket can have.
  package init(to socketPath: String, mayBeStale: Bool) throws {
    self.socketPath = socketPath
    let transport = try HTTP2ClientTransport.Posix(
      target: .unixDomainSocket(path: socketPath, authority: "localhost"), transportSecurity: .plaintext,
      config: .defaults { config in
        config.connection.flushCoalescing = nil
        config.connection.maxIdleTime = nil
        config.backoff.initial = .milliseconds(50)
        config.backoff.max = .seconds(1)
      },
      serviceConfig: .warren, eventLoopGroup: executor.loop)
    client = WarrenClient.client(by: transport, mayBeStale: mayBeStale)
    connections = client.beginConnections(on: executor)
  }
}
