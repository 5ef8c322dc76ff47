import ClusterModel

/// `host:port`, where the host may be a name, an address, or empty for every address; IPv6 in brackets.
struct HostPort: Sendable, Equatable, CustomStringConvertible {
  let host: String
  let port: Int

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// - Throws: `invalidArgument` that names `option`.
  init(parsing text: String, option: String) throws {
    let failure = WarrenError(.invalidArgument, "\(option) \(text) is not HOST:PORT; use for example 10.0.0.1:8080 or [fd00::1]:8080")
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else { throw failure }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard IPAddressText.isValid(String(host)), host.contains(":") else { throw failure }
    } else if host.contains(":") || host.contains(where: { $0.isWhitespace || $0 == "/" }) {
      throw failure
    }
    self.init(host: String(host), port: Int(port))
  }

  var isWildcard: Bool { ["", "0.0.0.0", "::"].contains(host) }

  /// What a listener of this address binds to: an IP address is meant as it is; a name is for others, whose address of this machine may be
  /// another tomorrow, so it stands for all of them, but for the loopback's.
  var listened: HostPort {
    if host == "localhost" { return HostPort(host: "127.0.0.1", port: port) }
    return HostPort(host: host == "0.0.0.0" || (IPAddressText.isValid(host) && !isWildcard) ? host : "", port: port)
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
