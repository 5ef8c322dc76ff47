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

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
