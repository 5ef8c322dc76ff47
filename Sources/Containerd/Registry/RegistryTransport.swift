import AsyncHTTPClient
import ClusterModel
import NIOCore
import NIOHTTP1
import NIOSSL

/// Sends one request and follows its redirects; what it sends to one server never goes to another.
struct RegistryTransport: Sendable {
  let connections: RegistryConnections
  let configuration: RegistryConfiguration

  /// - Parameters:
  ///   - sensitive: headers that only the first server may see (Authorization, and what hosts.toml adds).
  ///   - headers: headers for whoever answers in the end (Accept, Range).
  func get(_ url: String, endpoint: RegistryEndpoint, sensitive: HTTPHeaders, headers: HTTPHeaders) async throws -> HTTPClientResponse {
    var url = url
    let origin = Self.origin(of: url)
    for _ in 0...5 {
      var request = HTTPClientRequest(url: url)
      request.headers = headers
      request.headers.replaceOrAdd(name: "User-Agent", value: "warren")
      let isFirstServer = Self.origin(of: url) == origin
      if isFirstServer { request.headers.add(contentsOf: sensitive) }
      request.tlsConfiguration = try tls(of: url, for: endpoint).configuration()
      let response = try await execute(request, name: endpoint.authority)
      guard [301, 302, 303, 307, 308].contains(response.status.code) else { return response }
      guard let location = response.headers.first(name: "Location"), let next = Self.resolve(location, against: url) else {
        throw RegistryFailure(
          error: WarrenError(.unavailable, "the registry \(endpoint.authority) sent a redirect that leads nowhere: report it to whoever runs it."),
          isTransient: false)
      }
      guard !(url.hasPrefix("https://") && next.hasPrefix("http://")) else {
        throw RegistryFailure(
          error: WarrenError(
            .permissionDenied, "the registry \(endpoint.authority) redirects from https to http, which is refused: correct the registry."),
          isTransient: false)
      }
      url = next
    }
    throw RegistryFailure(
      error: WarrenError(.unavailable, "the registry \(endpoint.authority) redirects more than 5 times: report it to whoever runs it."),
      isTransient: false)
  }

  /// What is known of the TLS of the server at `url`. Another one than `endpoint`, where a registry redirects to or where its tokens come
  /// from, gets what certs.d says of it and may be vouched for by the registry's authorities; the registry's client certificates are not for it.
  func tls(of url: String, for endpoint: RegistryEndpoint) throws -> RegistryTLS {
    let origin = Self.origin(of: url)
    if origin == Self.origin(of: "\(endpoint.scheme)://\(endpoint.authority)") { return endpoint.tls }
    var tls = try configuration.tls(of: Self.authority(of: url))
    tls.authorities += endpoint.tls.authorities.filter { !tls.authorities.contains($0) }
    return tls
  }

  /// One request without redirects. Failures to connect and broken connections become `RegistryFailure`.
  func execute(_ request: HTTPClientRequest, name: String) async throws -> HTTPClientResponse {
    let proxy = try connections.proxy(for: request.url)
    do { return try await connections.client(through: proxy).execute(request, deadline: .distantFuture) } catch {
      try Task.checkCancellation()
      var failure = Self.failure(error, name: name, proxy: proxy)
      if failure.isDistrust, proxy == nil, let why = await CertificateDiagnosis.words(for: request.url, name: name) { failure.error.message = why }
      throw failure
    }
  }

  static func failure(_ error: any Error, name: String, proxy: ProxySettings.Proxy? = nil) -> RegistryFailure {
    var failure = RegistryFailure.unreachable(name, error)
    if let proxy {
      let address = "\(proxy.host):\(proxy.port)"
      failure.error.message = "cannot reach the registry \(name) through the proxy \(address): check both, or name the registry in NO_PROXY."
      if error as? HTTPClientError == .proxyAuthenticationRequired {
        failure.isTransient = false
        failure.error.message = "the proxy \(address) wants a login: give it as http://user:password@\(address), and start warren again."
      } else if error as? HTTPClientError == .invalidProxyResponse {
        failure.isTransient = false
        failure.error.message =
          "the proxy \(address) does not let this machine reach the registry \(name): allow it there, or name the registry in NO_PROXY."
      }
    }
    if error as? NIOSSLExtraError == .failedToValidateHostname {
      failure.isTransient = false
      failure.error.message =
        "the certificate of the registry \(name) is for another name: use the name in it, or give the registry a certificate for \(name)."
    } else if error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError {
      failure.isTransient = false
      failure.isDistrust = "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
      failure.error.message =
        "cannot make a TLS connection to the registry \(name): add its CA to certs.d/\(name)/hosts.toml, or serve plain http from a loopback address or as hosts.toml says."
    }
    return failure
  }

  /// `host` or `host:port`, in lower case and with the default port left out.
  static func authority(of url: String) -> String { String(origin(of: url).drop { $0 != ":" }.dropFirst(3)) }

  /// `scheme://host:port` with the default port left out.
  static func origin(of url: String) -> String {
    guard let separator = url.firstRange(of: "://") else { return url }
    let scheme = url[..<separator.lowerBound].lowercased()
    var authority = url[separator.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }.lowercased()
    let defaultPort = scheme == "https" ? ":443" : ":80"
    if authority.hasSuffix(defaultPort) { authority.removeLast(defaultPort.count) }
    return "\(scheme)://\(authority)"
  }

  /// Absolute URLs, `//host/path`, `/path`, and relative ones; nil for schemes other than http(s).
  static func resolve(_ location: String, against url: String) -> String? {
    if location.hasPrefix("http://") || location.hasPrefix("https://") { return location }
    guard let separator = url.firstRange(of: "://"), location.firstRange(of: "://") == nil || location.hasPrefix("/") else { return nil }
    if location.hasPrefix("//") { return url[..<separator.lowerBound] + ":" + location }
    let authorityEnd = url[separator.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? url.endIndex
    if location.hasPrefix("/") { return url[..<authorityEnd] + location }
    let path = url[..<(url.firstIndex(of: "?") ?? url.endIndex)]
    guard let slash = path.lastIndex(of: "/"), slash >= authorityEnd else { return nil }
    return path[...slash] + location
  }
}
