/// `HOST:PORT` as people write it: a name or an IP address, IPv6 in brackets.
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
  /// Without brackets. Empty, for a listener, for every address of its machine.
  package var host: String
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Nil for anything else.
  /// - Parameter allowsNoHost: whether `:PORT` will do.
  package init?(_ text: String, allowsNoHost: Bool = false) {
    guard text.utf8.count <= 300, let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      return nil
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":"), IPAddressText.isValid(String(host)) else { return nil }
    } else if host.contains(where: { $0 == ":" || $0 == "/" || $0.isWhitespace }) || (host.isEmpty && !allowsNoHost) {
      return nil
    }
    self.init(host: String(host), port: Int(port))
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
