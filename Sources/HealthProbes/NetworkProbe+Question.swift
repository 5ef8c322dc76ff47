package import ClusterModel

extension NetworkProbe {
  /// The probes of a health check that need the network only.
  package enum Question: Hashable, Sendable {
    case http(port: UInt16, path: String)
    case tcp(port: UInt16)
    case grpc(port: UInt16, service: String)

    /// nil for a command in the container.
    package init?(_ probe: HealthCheck.Probe) {
      switch probe {
      case .exec: return nil
      case .http(let port, let path): self = .http(port: port, path: path)
      case .tcp(let port): self = .tcp(port: port)
      case .grpc(let port, let service): self = .grpc(port: port, service: service)
      }
    }

    var port: UInt16 {
      switch self {
      case .http(let port, _), .tcp(let port), .grpc(let port, _): port
      }
    }
  }
}
