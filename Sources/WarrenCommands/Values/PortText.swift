import ClusterModel

/// `--publish [IP:]HOST:CONTAINER[/tcp|/udp]`; an IPv6 address goes in brackets.
enum PortText {
  static func parse(_ text: String) throws -> PublishedPort {
    let usage = "use [IP:]HOST:CONTAINER[/udp], for example 8080:80 or 127.0.0.1:5353:53/udp"
    let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let addresses = halves.first, !addresses.isEmpty else { throw ValueError("'\(text)' is not a published port; \(usage)") }
    let transport: PublishedPort.TransportProtocol
    switch halves.count > 1 ? halves[1].lowercased() : "tcp" {
    case "tcp": transport = .tcp
    case "udp": transport = .udp
    case let other: throw ValueError("unknown protocol '\(other)' in '\(text)'; only tcp and udp can be published")
    }
    let (address, ports) = try splitAddress(addresses, text: text, usage: usage)
    guard ports.count == 2 else { throw ValueError("'\(text)' must name a port of the node and one of the container; \(usage)") }
    return PublishedPort(
      hostIP: address, hostPort: try number(ports[0], of: text), containerPort: try number(ports[1], of: text), transport: transport)
  }

  private static func splitAddress(_ addresses: Substring, text: String, usage: String) throws -> (String, [Substring]) {
    if addresses.hasPrefix("[") {
      guard let close = addresses.firstIndex(of: "]"), addresses[close...].hasPrefix("]:") else {
        throw ValueError("'\(text)' opens a bracket without '[IPv6]:'; \(usage)")
      }
      let address = String(addresses[addresses.index(after: addresses.startIndex)..<close])
      guard IPAddressText.isValid(address) else { throw ValueError("'\(address)' in '\(text)' is not an IP address; \(usage)") }
      return (address, addresses[addresses.index(close, offsetBy: 2)...].split(separator: ":", omittingEmptySubsequences: false))
    }
    var parts = addresses.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return ("", parts) }
    let address = String(parts.removeFirst())
    guard IPAddressText.isValid(address) else { throw ValueError("'\(address)' in '\(text)' is not an IP address; \(usage)") }
    return (address, parts)
  }

  private static func number(_ part: Substring, of text: String) throws -> UInt16 {
    guard let value = Int(part), part.allSatisfy(\.isNumber) else {
      throw ValueError("'\(part)' in '\(text)' is not a port number; ports are 1 to 65535, one at a time")
    }
    guard let port = UInt16(exactly: value), port > 0 else { throw ValueError("port \(value) in '\(text)' is out of range; ports are 1 to 65535") }
    return port
  }

  /// `127.0.0.1:8080->80/tcp`, as lists show it.
  static func format(_ port: PublishedPort) -> String {
    let host = port.hostIP.isEmpty ? "" : (port.hostIP.contains(":") ? "[\(port.hostIP)]:" : "\(port.hostIP):")
    return "\(host)\(port.hostPort)->\(port.containerPort)/\(port.transport == .udp ? "udp" : "tcp")"
  }
}
