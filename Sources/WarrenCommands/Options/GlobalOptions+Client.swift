import ClusterModel
import ClusterTLS
import GRPCCore
import WarrenAPI

extension GlobalOptions {
  /// Runs `body` with a connection to the cluster.
  func withClient<Result: Sendable>(patience: Duration = .seconds(2), _ body: (WarrenClient) async throws -> Result) async throws -> Result {
    switch try await target() {
    case .sockets(let sockets): return try await withClient(over: sockets, patience, body)
    case .managers(let addresses, let credentials):
      let tls = ManagerTLS(CurrentCredentials(credentials), now: { .now })
      return try await WarrenClient.connected(to: ManagerReach(addresses), tls: tls, patience: patience, mayBeStale: stale, body)
    }
  }

  /// Over the first of the sockets that takes one.
  private func withClient<Result: Sendable>(
    over sockets: [String], _ patience: Duration, _ body: (WarrenClient) async throws -> Result
  ) async throws -> Result {
    guard let socket = sockets.count == 1 ? sockets[0] : sockets.first(where: DaemonSocket.isServed) else {
      throw WarrenError(.unavailable, "no manager answers; tried \(sockets.joined(separator: ", ")); start one, or name another with --manager")
    }
    if let early = try await EarlyConnection.current?.take(to: socket, mayBeStale: stale) {
      return try await body(WarrenClient(over: early, patience: patience))
    }
    return try await WarrenClient.connected(to: socket, patience: patience, mayBeStale: stale, body)
  }

  /// For calls that answer at once.
  var callOptions: CallOptions {
    var options = CallOptions.defaults
    options.timeout = timeout ?? .seconds(60)
    return options
  }

  /// For streams, which last as long as they last unless a limit was given.
  var streamOptions: CallOptions {
    var options = CallOptions.defaults
    options.timeout = timeout
    return options
  }

  /// How long to wait for a service to converge.
  var convergenceTimeout: Duration { timeout ?? .seconds(600) }
}
