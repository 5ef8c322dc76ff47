package import ClusterModel
package import ClusterSecurity
package import Logging
import NIOConcurrencyHelpers
package import NIOCore
import NIOSSL

/// Stands at a listener: TLS for each connection, who is at its other end, and how many strangers there may be.
///
/// A connection is taken also when its certificate is refused, or none is shown: the call that follows is then answered with the reason,
/// which a broken handshake could not tell.
package final class ConnectionGate: Sendable {
  package struct Limits: Sendable {
    /// From the connection to the end of the handshake.
    package var handshake = Duration.seconds(10)
    /// How long somebody without an identity may stay: the exchange in which one joins takes milliseconds.
    package var strangersStay = Duration.seconds(60)
    /// Connections whose other end is not known, those in their handshake included.
    package var mostStrangers = 256
    package var mostStrangersOfOneSource = 32

    package init() {}
  }

  /// A connection with its addresses, which a channel forgets when it is closed.
  fileprivate struct Entry {
    let connection: PeerConnection
    let addresses: String
    let source: String

    init(_ connection: PeerConnection) {
      self.connection = connection
      addresses = connection.addresses
      source = connection.source
    }
  }

  fileprivate struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    /// By the two addresses of a connection, as gRPC names them.
    var byAddresses: [String: PeerConnection] = [:]
    /// Those whose other end is not known.
    var strangers: Set<ObjectIdentifier> = []
    var strangersBySource: [String: Int] = [:]
  }

  let limits: Limits
  let logger: Logger
  let now: @Sendable () -> Timestamp
  private let credentials: CurrentCredentials
  private let verifier: @Sendable () -> CertificateVerifier?
  private let state = NIOLockedValueBox(State())

  /// - Parameter verifier: with the roots that count now; nil while there are none. Asked for each connection and each call.
  package init(
    credentials: CurrentCredentials, limits: Limits = Limits(), now: @escaping @Sendable () -> Timestamp, logger: Logger,
    verifier: @escaping @Sendable () -> CertificateVerifier?
  ) {
    self.credentials = credentials
    self.limits = limits
    self.now = now
    self.logger = logger
    self.verifier = verifier
  }

  /// Puts TLS in front of what the connection's pipeline has already. Before any byte of it was read; on its event loop.
  package func secure(_ channel: any Channel) throws {
    let connection = PeerConnection(channel)
    let tls = NIOSSLServerHandler(context: try credentials.serverContext()) { [self] presented, promise in
      promise.completeWithTask {
        await self.judge(try presented.map { try $0.toDERBytes() }, of: connection)
        return .certificateVerified(VerificationMetadata(nil))
      }
    }
    try channel.pipeline.syncOperations.addHandlers([tls, HandshakeWatch(connection, gate: self)], position: .first)
  }

  /// Who is at the other end, validated against the roots of this moment. Nil for nobody that is known.
  /// - Parameters:
  ///   - remote, local: the addresses as gRPC names them.
  ///   - shown: the certificate that the handshake proved the key of.
  /// - Throws: why what was shown counts for nothing.
  package func peer(remote: String, local: String, shown: @autoclosure () -> [UInt8]?) async throws(CertificateRefusal) -> VerifiedCertificate? {
    guard let connection = state.withLockedValue({ $0.byAddresses[PeerConnection.key(remote, local)] }) else { return nil }
    let judgement = connection.judgement
    // The addresses might be of the next connection by now; the certificate is of this one.
    guard let leaf = judgement.presented.first, leaf == shown() else { return nil }
    if judgement.isCurrent(for: verifier()?.roots ?? [], now: now()) { return try judgement.verdict.get() }
    return try await judge(judgement.presented, of: connection).get()
  }

  @discardableResult
  private func judge(_ presented: [[UInt8]], of connection: PeerConnection) async -> Result<VerifiedCertificate, CertificateRefusal> {
    let verifier = verifier()
    let verdict: Result<VerifiedCertificate, CertificateRefusal>
    if let verifier {
      do throws(CertificateRefusal) {
        verdict = .success(try await verifier.verify(presented, as: .client, now: now(), grace: RenewalSchedule.grace))
      } catch { verdict = .failure(error) }
    } else {
      verdict = .failure(.missing)
    }
    connection.judgement = PeerConnection.Judgement(presented: presented, verdict: verdict, roots: verifier?.roots ?? [])
    return verdict
  }

  /// Closes the connections of those for whom `isGone` holds.
  package func cut(_ isGone: (VerifiedCertificate) -> Bool) {
    for entry in state.withLockedValue({ Array($0.entries.values) }) {
      guard case .success(let peer) = entry.connection.judgement.verdict, isGone(peer) else { continue }
      logger.info("connection.cut", metadata: ["peer": "\(peer.identity)", "address": "\(entry.source)"])
      entry.connection.channel.close(promise: nil)
    }
  }

  /// Connections there are, and those of strangers among them.
  package var counts: (all: Int, strangers: Int) { state.withLockedValue { ($0.entries.count, $0.strangers.count) } }
}

/// Counting.
extension ConnectionGate {
  /// False when there are too many of its kind.
  func enters(_ connection: PeerConnection) -> Bool {
    let entry = Entry(connection)
    return state.withLockedValue { state in
      let fromThere = state.strangersBySource[entry.source, default: 0]
      guard state.strangers.count < limits.mostStrangers, fromThere < limits.mostStrangersOfOneSource else { return false }
      let id = ObjectIdentifier(connection)
      state.strangers.insert(id)
      state.strangersBySource[entry.source] = fromThere + 1
      state.entries[id] = entry
      state.byAddresses[entry.addresses] = connection
      return true
    }
  }

  /// The handshake is over.
  /// - Returns: whether the other end is known.
  func introduced(_ connection: PeerConnection) -> Bool {
    guard case .success = connection.judgement.verdict else { return false }
    state.withLockedValue { $0.isNoStranger(ObjectIdentifier(connection)) }
    return true
  }

  func left(_ connection: PeerConnection) {
    let id = ObjectIdentifier(connection)
    state.withLockedValue { state in
      state.isNoStranger(id)
      guard let entry = state.entries.removeValue(forKey: id) else { return }
      if state.byAddresses[entry.addresses] === connection { state.byAddresses[entry.addresses] = nil }
    }
  }
}

extension ConnectionGate.State {
  fileprivate mutating func isNoStranger(_ id: ObjectIdentifier) {
    guard strangers.remove(id) != nil, let source = entries[id]?.source else { return }
    let rest = strangersBySource[source, default: 1] - 1
    strangersBySource[source] = rest > 0 ? rest : nil
  }
}
