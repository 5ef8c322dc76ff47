package import ClusterModel

/// Which proxy a request goes through, as the environment says it to most programs: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, in either case.
///
/// The rules are those of Go's programs, containerd and docker among them: https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
package struct ProxySettings: Sendable, Hashable {
  package struct Proxy: Sendable, Hashable {
    package var host: String
    package var port: Int
    package var user: String?
    package var password: String?
  }

  private struct Setting: Hashable {
    var variable: String
    var value: String
  }

  private var http: Setting?
  private var https: Setting?
  private var exceptions: [ProxyException] = []

  /// No proxy for anything.
  package init() {}

  /// - Parameter environment: a variable's value; nil or empty when it is not set.
  package init(_ environment: (String) -> String?) {
    func setting(_ name: String) -> Setting? {
      for variable in [name, name.lowercased()] {
        if let value = environment(variable), !value.isEmpty { return Setting(variable: variable, value: value) }
      }
      return nil
    }
    http = setting("HTTP_PROXY")
    https = setting("HTTPS_PROXY")
    exceptions = (setting("NO_PROXY")?.value ?? "").split { $0 == "," || $0 == " " }.compactMap { ProxyException(String($0)) }
  }

  /// Nil when the server is to be asked directly: so it is for this machine itself, whatever is set.
  ///
  /// - Parameter url: an http or https URL.
  /// - Throws: `WarrenError` naming the variable whose value is no proxy's address.
  package func proxy(for url: String) throws(WarrenError) -> Proxy? {
    let isTLS = url.hasPrefix("https://")
    guard let setting = isTLS ? https : http else { return nil }
    let authority = url.firstRange(of: "://").map { url[$0.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" } } ?? ""
    let (host, port) = Self.split(authority, defaultPort: isTLS ? 443 : 80)
    let address = ProxyException.bytes(of: host)
    if host == "localhost" || address?.first == 127 && address?.count == 4 || address == [UInt8](repeating: 0, count: 15) + [1] { return nil }
    if exceptions.contains(where: { $0.matches(host: host, address: address, port: port) }) { return nil }
    return try Self.proxy(setting)
  }

  private static func proxy(_ setting: Setting) throws(WarrenError) -> Proxy {
    let failure = WarrenError(
      .failedPrecondition,
      "\(setting.variable) is not a proxy's address of the form http://[user:password@]host:port: correct it, and start warren again.")
    var rest = Substring(setting.value)
    if let separator = rest.firstRange(of: "://") {
      guard rest[..<separator.lowerBound].lowercased() == "http" else { throw failure }
      rest = rest[separator.upperBound...]
    }
    rest = rest.prefix { $0 != "/" }
    var proxy = Proxy(host: "", port: 0)
    if let at = rest.lastIndex(of: "@") {
      let login = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { decoded($0) }
      proxy.user = login[0]
      proxy.password = login.count == 2 ? login[1] : ""
      rest = rest[rest.index(after: at)...]
    }
    (proxy.host, proxy.port) = split(rest, defaultPort: 80)
    guard !proxy.host.isEmpty, (1...65535).contains(proxy.port), proxy.host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw failure }
    return proxy
  }

  /// `host`, `host:port`, `[::1]:port`; the host in lower case, the port 0 when it is none.
  static func split(_ authority: Substring, defaultPort: Int) -> (host: String, port: Int) {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      let host = authority[authority.index(after: authority.startIndex)..<end].lowercased()
      let tail = authority[authority.index(after: end)...]
      return (host, tail.isEmpty ? defaultPort : Int(tail.dropFirst()) ?? 0)
    }
    guard let colon = authority.lastIndex(of: ":") else { return (authority.lowercased(), defaultPort) }
    return (authority[..<colon].lowercased(), Int(authority[authority.index(after: colon)...]) ?? 0)
  }

  /// Percent-encoding undone: https://www.rfc-editor.org/rfc/rfc3986#section-2.1
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let hex = Optional(String(decoding: rest.prefix(2), as: UTF8.self)), hex.count == 2,
        let value = UInt8(hex, radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
