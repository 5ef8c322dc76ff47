package import ClusterModel
import NIOCore
package import NIOSSL
package import Raft

/// Who this member is to others, and how it talks to them.
package struct TransportConfiguration: Sendable {
  package var cluster: ClusterID
  package var member: MemberID
  /// Port 0 takes any that is free; an empty host means every address of the machine.
  package var listen: HostPort
  package var security: TransportSecurity
  package var limits = TransportLimits()
  /// Where others reach this member; told to each that it connects to. Nil: nothing is said.
  package var advertised: HostPort?
  /// A member that has proved who it is says that it is reached elsewhere than this transport was told. Called on the event loop.
  package var moved: @Sendable (MemberID, HostPort) -> Void = { _, _ in }
  /// The number of the member that the present group began with, as far as this member knows; 0 for the first group. Whoever has a lower number
  /// was given up when the cluster was recovered, and is told so.
  package var founder: @Sendable () -> UInt64 = { 0 }
  /// A manager of the cluster says that this member was given up. Called on the event loop, with where that manager is reached if it said so.
  package var superseded: @Sendable (HostPort?) -> Void = { _ in }

  package init(cluster: ClusterID, member: MemberID, listen: HostPort, security: TransportSecurity) {
    self.cluster = cluster
    self.member = member
    self.listen = listen
    self.security = security
  }
}

package enum TransportSecurity: Sendable {
  /// TLS 1.3, both sides show a certificate.
  case mutualTLS(TransportCertificates)
  /// Anybody may be anyone: refused for any address but the loopback's.
  case plaintextForTestsOnLoopback
}

package struct TransportCertificates: Sendable {
  /// The own certificate first.
  package var chain: [NIOSSLCertificate]
  package var key: NIOSSLPrivateKey
  /// One of these must have signed what others show.
  package var roots: [NIOSSLCertificate]
  /// The member a certificate speaks for; nil for a certificate that is not a manager's. It is called after the chain was verified.
  package var member: @Sendable (NIOSSLCertificate) -> MemberID?
  /// Whether a certificate is one of a manager of this cluster, known here or not. It is called after the chain was verified.
  package var isManager: @Sendable (NIOSSLCertificate) -> Bool

  package init(
    chain: [NIOSSLCertificate], key: NIOSSLPrivateKey, roots: [NIOSSLCertificate],
    isManager: @escaping @Sendable (NIOSSLCertificate) -> Bool = { _ in false }, member: @escaping @Sendable (NIOSSLCertificate) -> MemberID?
  ) {
    self.isManager = isManager
    self.chain = chain
    self.key = key
    self.roots = roots
    self.member = member
  }

  /// Both sides verify the chain. No host name is looked for: the certificate names a member, wherever it runs.
  func context(isServer: Bool) throws -> NIOSSLContext {
    let chain = chain.map { NIOSSLCertificateSource.certificate($0) }
    var configuration =
      isServer
      ? TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)) : .makeClientConfiguration()
    configuration.certificateChain = chain
    configuration.privateKey = .privateKey(key)
    configuration.trustRoots = .certificates(roots)
    configuration.certificateVerification = .noHostnameVerification
    configuration.minimumTLSVersion = .tlsv13
    configuration.shutdownTimeout = .milliseconds(100)
    return try NIOSSLContext(configuration: configuration)
  }
}

/// Amounts and times that a transport holds to.
package struct TransportLimits: Sendable {
  package var control = SendQueue.Limit(messages: 4096, bytes: 4 << 20)
  package var bulk = SendQueue.Limit(messages: 4096, bytes: 64 << 20)
  /// For an attempt to connect, TLS and `Hello` included.
  package var handshake = Duration.seconds(5)
  /// The same right after a member was lost, when its absence is what is looked for.
  package var hurriedHandshake = Duration.milliseconds(25)
  /// Without an acknowledgement from the other machine's kernel, a connection is given up after this time.
  package var silence = Duration.seconds(3)
  /// Connections whose `Hello` has not come yet.
  package var strangers = 64
  /// A snapshot's transfer is given up when nothing comes from the other side for so long.
  package var snapshotStall = Duration.seconds(30)
  /// Chunks sent and not yet stored at the other side.
  package var chunksInFlight = 4
  /// How long what is queued may take to leave when the transport stops.
  package var flush = Duration.milliseconds(500)

  package init() {}
}
