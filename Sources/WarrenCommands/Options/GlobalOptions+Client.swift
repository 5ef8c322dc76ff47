import ClusterModel
import CoreFoundation
import GRPCCore
import Glibc
import WarrenAPI

extension GlobalOptions {
  /// Runs `body` with a connection to the cluster: over the first of the sockets that takes one.
  func withClient<Result: Sendable>(patience: Duration = .seconds(2), _ body: (WarrenClient) async throws -> Result) async throws -> Result {
    let sockets = try sockets()
    let chosen = sockets.first(where: Self.accepts)
    if chosen == nil, sockets.count > 1 {
      throw WarrenError(.unavailable, "no manager answers; tried \(sockets.joined(separator: ", ")); start one, or name another with --manager")
    }
    return try await WarrenClient.connected(to: chosen ?? sockets[0], patience: patience, body)
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

  private static func accepts(_ path: String) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 }
    }
  }
}
