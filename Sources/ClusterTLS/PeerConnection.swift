import ClusterModel
import ClusterSecurity
import NIOConcurrencyHelpers
import NIOCore
import X509

/// One connection that was taken: where it is from and what its other end has shown.
final class PeerConnection: Sendable {
  struct Judgement: Sendable {
    /// DER, the peer's own first; empty when nothing was shown.
    var presented: [[UInt8]] = []
    var verdict = Result<VerifiedCertificate, CertificateRefusal>.failure(.missing)
    /// What it was judged by.
    var roots: [Certificate] = []

    /// Whether it would be judged the same now.
    func isCurrent(for current: [Certificate], now: Timestamp) -> Bool {
      guard roots == current else { return false }
      guard case .success(let peer) = verdict, peer.expiredAt == nil else { return true }
      return now <= peer.expiresAt
    }
  }

  let channel: any Channel
  private let box = NIOLockedValueBox(Judgement())

  init(_ channel: any Channel) { self.channel = channel }

  var judgement: Judgement {
    get { box.withLockedValue { $0 } }
    set { box.withLockedValue { $0 = newValue } }
  }

  /// The other end's address without its port.
  var source: String { channel.remoteAddress?.ipAddress ?? "unknown" }

  var addresses: String { Self.key(Self.text(channel.remoteAddress), Self.text(channel.localAddress)) }

  static func key(_ remote: String, _ local: String) -> String { "\(remote) \(local)" }

  /// As gRPC names it.
  private static func text(_ address: SocketAddress?) -> String {
    switch address {
    case .v4(let ip): "ipv4:\(ip.host):\(address?.port ?? 0)"
    case .v6(let ip): "ipv6:[\(ip.host)]:\(address?.port ?? 0)"
    case .unixDomainSocket, nil: ""
    }
  }
}
