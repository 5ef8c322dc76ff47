import ClusterModel

/// One server that can be asked for the images of a registry: the registry itself or a mirror of it.
package struct RegistryEndpoint: Hashable, Sendable {
  package enum Capability: String, Hashable, Sendable {
    /// May be asked for content by digest.
    case pull
    /// May be asked what a tag means.
    case resolve
    case push
  }

  package struct Header: Hashable, Sendable {
    package var name: String
    package var value: String
  }

  package enum Scheme: String, Hashable, Sendable { case http, https }

  package var scheme: Scheme
  /// `host` or `host:port`.
  package var authority: String
  /// What comes before `/<repository>/manifests/…`; `/v2` unless a hosts.toml overrides it.
  package var path = "/v2"
  package var capabilities: Set<Capability> = [.pull, .resolve]
  package var tls = RegistryTLS()
  package var headers: [Header] = []
  /// The registry this is a mirror of: sent along, since one mirror may serve several registries.
  package var mirrorOf: String?

  package init(scheme: Scheme, authority: String) {
    self.scheme = scheme
    self.authority = authority
  }

  /// - Parameter url: `https://host[:port][/path]`; without a scheme https is meant.
  /// - Throws: `WarrenError` if it is no such URL.
  init(url: String) throws {
    var rest = Substring(url)
    var scheme = Scheme.https
    if let separator = url.firstRange(of: "://") {
      guard let named = Scheme(rawValue: url[..<separator.lowerBound].lowercased()) else {
        throw WarrenError(.invalidArgument, "\"\(url)\" is not an http or https URL.")
      }
      scheme = named
      rest = url[separator.upperBound...]
    }
    let authority = rest.prefix { $0 != "/" }
    guard !authority.isEmpty, !authority.contains("@"), authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw WarrenError(.invalidArgument, "\"\(url)\" is not a URL of the form https://host[:port].")
    }
    self.init(scheme: scheme, authority: String(authority))
    var tail = rest.dropFirst(authority.count)
    while tail.last == "/" { tail = tail.dropLast() }
    if !tail.isEmpty { path = tail.hasSuffix("/v2") ? String(tail) : tail + "/v2" }
  }

  /// The server that a reference names when nothing is configured: https, but http on loopback; Docker Hub lives at another name.
  package init(registry: String) {
    guard registry != "docker.io" else {
      self.init(scheme: .https, authority: "registry-1.docker.io")
      return
    }
    self.init(scheme: Self.isLoopback(registry) && !registry.hasSuffix(":443") ? .http : .https, authority: registry)
  }

  /// `resource` is `manifests/latest` or `blobs/sha256:…`.
  func url(repository: String, _ resource: String) -> String {
    "\(scheme.rawValue)://\(authority)\(path)/\(repository)/\(resource)" + (mirrorOf.map { "?ns=\($0)" } ?? "")
  }

  private static func isLoopback(_ authority: String) -> Bool {
    if authority.hasPrefix("[") { return authority.prefix { $0 != "]" } == "[::1" }
    let host = authority.prefix { $0 != ":" }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    return host == "localhost" || (octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil })
  }
}
