import ClusterModel
package import ClusterSecurity
import Crypto
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// What this process proves who it is with. Exchangeable at any time: each new connection, of a listener or to a manager, takes what is
/// current; connections that are open go on.
package final class CurrentCredentials: Sendable {
  private struct State {
    var credentials: NodeCredentials?
    var server: NIOSSLContext?
    var client: NIOSSLContext?
    var followers: [AsyncStream<NodeCredentials>.Continuation] = []
  }

  private let state: NIOLockedValueBox<State>

  package init(_ credentials: NodeCredentials?) { state = NIOLockedValueBox(State(credentials: credentials)) }

  package var value: NodeCredentials? { state.withLockedValue { $0.credentials } }

  package func replace(_ credentials: NodeCredentials) {
    state.withLockedValue { state in
      (state.credentials, state.server, state.client) = (credentials, nil, nil)
      for follower in state.followers { follower.yield(credentials) }
    }
  }

  /// Each that replaces the present ones from now on; for what keeps a copy of its own.
  package func replacements() -> AsyncStream<NodeCredentials> {
    let (stream, continuation) = AsyncStream.makeStream(of: NodeCredentials.self, bufferingPolicy: .bufferingNewest(1))
    state.withLockedValue { $0.followers.append(continuation) }
    return stream
  }

  /// For taking connections. Who connects need not show a certificate; what is shown is for `ConnectionGate` to judge.
  func serverContext() throws -> NIOSSLContext {
    try state.withLockedValue { state in
      if let context = state.server { return context }
      guard let credentials = state.credentials else { throw Self.missing }
      let (chain, key) = try credentials.encoded
      var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
      configuration.restrict()
      configuration.certificateVerification = .optionalVerification
      let context = try NIOSSLContext(configuration: configuration)
      state.server = context
      return context
    }
  }

  /// For connections to managers.
  func clientContext() throws -> NIOSSLContext {
    try state.withLockedValue { state in
      if let context = state.client { return context }
      guard let credentials = state.credentials else { throw Self.missing }
      var configuration = TLSConfiguration.makeClientConfiguration()
      let (chain, key) = try credentials.encoded
      configuration.certificateChain = chain
      configuration.privateKey = key
      configuration.restrict()
      let context = try NIOSSLContext(configuration: configuration)
      state.client = context
      return context
    }
  }

  private static let missing = WarrenError(
    .failedPrecondition, "this node has no certificate to connect with; its log says why; put back a copy of its data directory, or join again")
}

extension TLSConfiguration {
  /// TLS 1.3, HTTP/2, and no roots: a callback of ours looks at what the other side shows, never the library.
  mutating func restrict() {
    minimumTLSVersion = .tlsv13
    applicationProtocols = ["h2"]
    trustRoots = .certificates([])
    certificateVerification = .noHostnameVerification
    shutdownTimeout = .milliseconds(200)
  }
}

extension NodeCredentials {
  fileprivate var encoded: ([NIOSSLCertificateSource], NIOSSLPrivateKeySource) {
    get throws {
      let chain = try chain.map { NIOSSLCertificateSource.certificate(try NIOSSLCertificate(bytes: $0.der, format: .der)) }
      return (chain, .privateKey(try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)))
    }
  }
}
