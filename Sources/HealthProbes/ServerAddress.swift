import NIOCore

/// Where a server listens; printed as a URL has it, `10.99.0.5:8080` or `[fd00::5]:8080`.
struct ServerAddress: CustomStringConvertible {
  let socket: SocketAddress
  let description: String

  /// - Throws: `ProbeError` when the text is not an IPv4 or IPv6 literal.
  init(_ address: String, port: UInt16) throws {
    guard let socket = try? SocketAddress(ipAddress: address, port: Int(port)) else { throw ProbeError("\(address) is not an IP address") }
    self.socket = socket
    description = socket.protocol == .inet6 ? "[\(address)]:\(port)" : "\(address):\(port)"
  }
}
