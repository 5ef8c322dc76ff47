import ClusterModel
import FoundationEssentials

/// Where the machine keeps what it knows about registries. Read anew for each pull, so that a change needs no restart.
package struct RegistryConfiguration: Sendable {
  /// Directories with one folder a registry, holding `hosts.toml` (containerd's form) or `*.crt`, `*.cert`, `*.key` (Docker's); the first that has one wins.
  package var hostDirectories: [String]
  /// Docker's `config.json` with credentials; nil for none.
  package var dockerConfigPath: String?
  /// Where programs that `dockerConfigPath` names are looked up, as in `PATH`; nil for the `PATH` of this process.
  package var helperPath: String?
  package var proxies = ProxySettings()
  package var retry = RetryPolicy()
  package var downloadsAtOnce = 3

  package init(hostDirectories: [String] = ["/etc/containerd/certs.d", "/etc/docker/certs.d"], dockerConfigPath: String? = nil) {
    self.hostDirectories = hostDirectories
    self.dockerConfigPath = dockerConfigPath
  }

  /// The servers to ask for images of `registry`, in order.
  package func endpoints(for registry: String) throws -> [RegistryEndpoint] {
    for directory in hostDirectories {
      for folder in Self.folders(for: registry).map({ "\(directory)/\($0)" }) {
        let hosts = "\(folder)/hosts.toml"
        if let data = FileManager.default.contents(atPath: hosts) {
          return try HostsFile.endpoints(String(decoding: data, as: UTF8.self), path: hosts, registry: registry)
        }
        let tls = Self.certificates(in: folder)
        if tls != RegistryTLS() {
          var endpoint = RegistryEndpoint(registry: registry)
          endpoint.scheme = .https
          endpoint.tls = tls
          return [endpoint]
        }
      }
    }
    return [RegistryEndpoint(registry: registry)]
  }

  /// What is configured for the TLS of a server, be it a registry or another that a registry sends us to.
  package func tls(of authority: String) throws -> RegistryTLS {
    try endpoints(for: authority).first { $0.mirrorOf == nil && $0.authority == authority }?.tls ?? RegistryTLS()
  }

  /// A colon cannot be in a file name everywhere, so containerd also takes `host_5000_`.
  private static func folders(for registry: String) -> [String] {
    var folders = [registry]
    if let colon = registry.lastIndex(of: ":"), registry.last != "]" {
      folders.append("\(registry[..<colon])_\(registry[registry.index(after: colon)...])_")
    }
    return folders + ["_default"]
  }

  /// https://docs.docker.com/engine/security/certificates/
  private static func certificates(in folder: String) -> RegistryTLS {
    var tls = RegistryTLS()
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    tls.authorities = names.filter { $0.hasSuffix(".crt") }.map { "\(folder)/\($0)" }
    tls.clients = names.filter { $0.hasSuffix(".cert") }.map { name in
      .init(certificate: "\(folder)/\(name)", key: "\(folder)/\(name.dropLast(4))key")
    }
    return tls
  }
}
