package import ClusterModel
package import ClusterSecurity
package import GRPCNIOTransportHTTP2Posix
import NIOConcurrencyHelpers
package import NIOCore
import NIOSSL

/// The client's side of a connection to a manager: who is believed to be one, and what is shown to it.
package struct ManagerTLS: Sendable {
  private enum Trust: Sendable {
    case cluster(CurrentCredentials)
    case pinned(PinnedAuthority)
  }

  private let trust: Trust
  private let now: @Sendable () -> Timestamp
  /// From the first packet to the end of the handshake.
  package let patience: Duration

  package static let usualPatience = Duration.seconds(5)

  /// For who has a certificate: managers of the same cluster, verified with the roots that are current at each connection.
  package init(_ credentials: CurrentCredentials, patience: Duration = usualPatience, now: @escaping @Sendable () -> Timestamp) {
    trust = .cluster(credentials)
    self.patience = patience
    self.now = now
  }

  /// For who wants to join: shows nothing, and believes the managers of the cluster that the token is of.
  package init(joiningWith token: JoinSecret, patience: Duration = usualPatience, now: @escaping @Sendable () -> Timestamp) {
    trust = .pinned(PinnedAuthority(token))
    self.patience = patience
    self.now = now
  }

  /// For a transport with the security `.customSecure`.
  /// - Parameter failures: is told why connections fail.
  package func secure(_ config: inout HTTP2ClientTransport.Posix.Config, failures: DialFailures? = nil) {
    let next = config.channelDebuggingCallbacks.onCreateTCPConnection
    config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
      let made = next?(channel) ?? channel.eventLoop.makeSucceededVoidFuture()
      return made.flatMapThrowing { try secure(channel, failures: failures) }
    }
  }

  /// Puts TLS in front of what the connection's pipeline has already; on its event loop, before it connects.
  package func secure(_ channel: any Channel, failures: DialFailures? = nil) throws {
    let refusal = NIOLockedValueBox<WarrenError?>(nil)
    let tls = try NIOSSLClientHandler(context: context(), serverHostname: NodeIdentity.serverName(of: .manager)) { presented, promise in
      promise.completeWithTask {
        do {
          try await check(try presented.map { try $0.toDERBytes() })
          return .certificateVerified(VerificationMetadata(nil))
        } catch {
          refusal.withLockedValue { $0 = (error as? WarrenError) ?? WarrenError(.unauthenticated, "what the other side shows cannot be read") }
          return .failed
        }
      }
    }
    try channel.pipeline.syncOperations.addHandlers(
      [tls, DialWatch(refusal: refusal, failures: failures, patience: TimeAmount(patience))], position: .first)
  }

  private func context() throws -> NIOSSLContext {
    switch trust {
    case .cluster(let credentials): return try credentials.clientContext()
    case .pinned:
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.restrict()
      return try NIOSSLContext(configuration: configuration)
    }
  }

  private func check(_ presented: [[UInt8]]) async throws(WarrenError) {
    switch trust {
    case .pinned(let authority): _ = try await authority.manager(presented, now: now())
    case .cluster(let credentials):
      guard let own = credentials.value else { throw CertificateRefusal.missing.error }
      do {
        let verifier = CertificateVerifier(cluster: own.identity.cluster, roots: own.trust.roots)
        let peer = try await verifier.verify(presented, as: .server, now: now())
        if peer.identity.role == .manager { return }
        throw WarrenError(.unauthenticated, "\(peer.identity) answered where a manager was looked for; check the address")
      } catch let refusal as CertificateRefusal { throw refusal.error } catch let error as WarrenError { throw error } catch {
        throw WarrenError(.unauthenticated, "the other side cannot be verified", cause: error)
      }
    }
  }
}
