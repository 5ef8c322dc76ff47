import ClusterModel
import ClusterSecurity
import ClusterTLS
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOConcurrencyHelpers
import X509

/// Finds out whose call it is, and lets it through when they may make it.
struct AccessInterceptor: ServerInterceptor {
  /// Where the calls come from.
  enum Origin: Sendable {
    /// The unix socket, whose mode says who may use it.
    case local
    case network(ConnectionGate)
  }

  let origin: Origin
  let trust: StoredTrust
  let now: @Sendable () -> Timestamp
  /// Brings the store to where the cluster is: asked for before somebody is turned away for what the store says, who may have joined through
  /// another manager a moment ago.
  let refresh: @Sendable () async throws -> Void
  private let throttle = NIOLockedValueBox(JoinThrottle())

  init(_ origin: Origin, trust: StoredTrust, now: @escaping @Sendable () -> Timestamp, refresh: @escaping @Sendable () async throws -> Void) {
    self.origin = origin
    self.trust = trust
    self.now = now
    self.refresh = refresh
  }

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let source = Self.source(context)
    switch origin {
    case .local:
      let call = try await authorize(nil, request.metadata, context.descriptor.method, source)
      return try await serve(call, request, context, next)
    case .network(let gate):
      let peer: Result<VerifiedCertificate?, CertificateRefusal> = await Self.peer(at: gate, context)
      guard case .success(let known?) = peer else {
        return try await throttled(source) {
          if case .failure(let refusal) = peer, refusal != .missing, context.descriptor.method != "JoinCluster" { throw refusal.error }
          let call = try await authorize(nil, request.metadata, context.descriptor.method, source)
          return try await serve(call, request, context, next)
        }
      }
      let call = try await authorize(known, request.metadata, context.descriptor.method, source)
      return try await serve(call, request, context, next)
    }
  }

  private static func peer(at gate: ConnectionGate, _ context: ServerContext) async -> Result<VerifiedCertificate?, CertificateRefusal> {
    let shown = (context.transportSpecific as? HTTP2ServerTransport.Posix.Context)?.peerCertificate
    do throws(CertificateRefusal) {
      return .success(try await gate.peer(remote: context.remotePeer, local: context.localPeer, shown: try? shown?.der))
    } catch {
      return .failure(error)
    }
  }

  private func authorize(
    _ peer: VerifiedCertificate?, _ metadata: Metadata, _ method: String, _ source: String
  ) async throws -> AuthorizedCall {
    let forwarded = metadata[stringValues: Caller.forwardedKey].map { String($0) }
    let caller: Caller
    var certificate = peer
    switch origin {
    case .local where forwarded.isEmpty: caller = .local
    default: caller = try Caller(peer: peer, forwarded: forwarded)
    }
    if let peer {
      try await checkStanding(peer, mayChangeRole: method == "RequestCertificate" && forwarded.isEmpty)
      if !forwarded.isEmpty { certificate = try await forwardedCertificate(metadata, of: caller) }
    }
    let scope = try AccessTable.check(method, by: caller, now: now())
    return AuthorizedCall(method: method, caller: caller, scope: scope, certificate: certificate, source: source)
  }

  private func checkStanding(_ peer: VerifiedCertificate, mayChangeRole: Bool) async throws {
    do throws(CertificateRefusal) { try trust.standing.check(peer, mayChangeRole: mayChangeRole) } catch {
      do { try await refresh() } catch {
        throw (error as? WarrenError) ?? WarrenError(.unavailable, "the cluster's state cannot be read", cause: error)
      }
      do throws(CertificateRefusal) { try trust.standing.check(peer, mayChangeRole: mayChangeRole) } catch { throw error.error }
    }
  }

  /// The certificate of who made a call that was passed on, where the call came with it.
  private func forwardedCertificate(_ metadata: Metadata, of caller: Caller) async throws -> VerifiedCertificate? {
    let chain = metadata[binaryValues: AuthorizedCall.forwardedCertificateKey].map { Array($0) }
    guard !chain.isEmpty, let verifier = trust.verifier else { return nil }
    do throws(CertificateRefusal) {
      let certificate = try await verifier.verify(chain, as: .client, now: now(), grace: RenewalSchedule.grace)
      return certificate.identity == caller.identity ? certificate : nil
    } catch { throw error.error }
  }

  private func serve<Input: Sendable, Output: Sendable>(
    _ call: AuthorizedCall, _ request: StreamingServerRequest<Input>, _ context: ServerContext,
    _ next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    var response = try await AuthorizedCall.$current.withValue(call) { try await next(request, context) }
    // What a stream answers is made after this returns.
    if case .success(var contents) = response.accepted {
      contents.producer = { [producer = contents.producer] writer in
        try await AuthorizedCall.$current.withValue(call) { try await producer(writer) }
      }
      response.accepted = .success(contents)
    }
    return response
  }

  /// Slows strangers from an address from which many failed calls came.
  private func throttled<Output: Sendable>(
    _ source: String, _ body: () async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    try throttle.withLockedValue { try $0.check(source, now: now()) }
    do {
      let response = try await body()
      if case .failure = response.accepted { throttle.withLockedValue { $0.failed(source, now: now()) } }
      return response
    } catch {
      throttle.withLockedValue { $0.failed(source, now: now()) }
      throw error
    }
  }

  /// `ipv4:10.0.0.1:4711` without its port.
  private static func source(_ context: ServerContext) -> String {
    let peer = context.remotePeer
    return peer.lastIndex(of: ":").map { String(peer[..<$0]) } ?? peer
  }
}
