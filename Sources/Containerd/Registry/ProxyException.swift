import Glibc

/// One entry of `NO_PROXY`: `*`, an address, a network (`10.0.0.0/8`), a name with all below it, or only what is below it (`.example.com`);
/// with `:port` for that port only.
struct ProxyException: Sendable, Hashable {
  private enum Pattern: Hashable {
    case everything
    case network([UInt8], bits: Int)
    /// With its leading dot.
    case below(String)
    case name(String)
  }

  private var pattern: Pattern
  private var port: Int?

  /// Nil for what cannot be understood, which excepts nothing.
  init?(_ text: String) {
    if text == "*" {
      pattern = .everything
      return
    }
    if let slash = text.firstIndex(of: "/") {
      guard let bytes = Self.bytes(of: String(text[..<slash])), let bits = Int(text[text.index(after: slash)...]), 0...bytes.count * 8 ~= bits else {
        return nil
      }
      pattern = .network(bytes, bits: bits)
      return
    }
    var host = text.lowercased()
    if Self.bytes(of: host) == nil {
      let parts = ProxySettings.split(Substring(host), defaultPort: -1)
      if parts.port == 0 || parts.host.isEmpty { return nil }
      (host, port) = (parts.host, parts.port < 0 ? nil : parts.port)
    }
    if let bytes = Self.bytes(of: host) {
      pattern = .network(bytes, bits: bytes.count * 8)
    } else if host.hasPrefix("*.") {
      pattern = .below(String(host.dropFirst()))
    } else {
      pattern = host.hasPrefix(".") ? .below(host) : .name(host)
    }
  }

  /// - Parameter address: the host's bytes when it is an address.
  func matches(host: String, address: [UInt8]?, port: Int) -> Bool {
    if let own = self.port, own != port { return false }
    switch pattern {
    case .everything: return true
    case .network(let network, let bits):
      guard let address, address.count == network.count else { return false }
      return (0..<bits).allSatisfy { (address[$0 / 8] ^ network[$0 / 8]) & (0x80 >> UInt8($0 % 8)) == 0 }
    case .below(let suffix): return host.hasSuffix(suffix)
    case .name(let name): return host == name || host.hasSuffix(".\(name)")
    }
  }

  /// The 4 or 16 bytes of an IP address; nil for anything else.
  static func bytes(of host: String) -> [UInt8]? {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if inet_pton(family, host, &bytes) == 1 { return bytes }
    }
    return nil
  }
}
