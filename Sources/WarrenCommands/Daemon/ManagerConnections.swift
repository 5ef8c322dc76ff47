import ClusterModel
import ClusterTLS
import GRPCNIOTransportHTTP2Posix
import Worker

/// How this node's worker connects to managers: each time with the certificate that it has then, and only to managers of its cluster.
struct ManagerConnections: Sendable {
  let credentials: CurrentCredentials

  @Sendable func dial(_ address: String) throws -> HTTP2ClientTransport.Posix {
    try ManagerReach(HostPort(manager: address)).transport(ManagerTLS(credentials, now: { .now }))
  }
}
