package import ClusterModel
import Glibc

/// A listening TCP socket.
package struct TCPListener: Sendable {
  /// What is listened for, in words, and the option that says where.
  package struct Purpose: Sendable {
    let words: String
    let option: String

    package static let api = Purpose(words: "serve the API", option: "--api-addr")
    package static let managers = Purpose(words: "listen to other managers", option: "--bind-addr")
    package static let metrics = Purpose(words: "serve metrics and health", option: "--metrics-addr")
  }

  let descriptor: CInt
  /// The one that it got, when 0 was asked for.
  package let port: Int
  /// `HOST:PORT` as it was asked for.
  package let name: String

  /// - Parameter host: an address of this machine; empty for all of them, of both kinds.
  /// - Throws: `failedPrecondition` when somebody else listens there or the machine has no such address.
  package init(host: String, port: Int, for purpose: Purpose = .api) throws(WarrenError) {
    name = "\(host.contains(":") ? "[\(host)]" : host.isEmpty ? "*" : host):\(port)"
    // A machine without IPv6 has only the other kind.
    let families = host.isEmpty ? [AF_INET6, AF_INET] : host.contains(":") ? [AF_INET6] : [AF_INET]
    var failure = WarrenError(.internalError, "cannot listen on \(name)")
    for family in families {
      do throws(WarrenError) {
        (descriptor, self.port) = try Self.listen(family, host: host, port: port, name: name, purpose)
        return
      } catch { failure = error }
      if errno != EAFNOSUPPORT, errno != EADDRNOTAVAIL { break }
    }
    throw failure
  }

  /// Whether all of these could be made, at the same time.
  /// - Throws: why not.
  package static func check(_ wanted: [(HostPort, Purpose)]) throws(WarrenError) {
    var held: [CInt] = []
    defer { for descriptor in held { close(descriptor) } }
    for (address, purpose) in wanted { held.append(try TCPListener(host: address.host, port: address.port, for: purpose).descriptor) }
  }

  private static func listen(
    _ family: CInt, host: String, port: Int, name: String, _ purpose: Purpose
  ) throws(WarrenError) -> (CInt, Int) {
    let socket = socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
    guard socket >= 0 else { throw failure(name, purpose) }
    var on: CInt = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
    if family == AF_INET6 {
      var only: CInt = host.isEmpty ? 0 : 1
      setsockopt(socket, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &only, socklen_t(MemoryLayout<CInt>.size))
    }
    var storage = sockaddr_storage()
    let length = withUnsafeMutableBytes(of: &storage) { fill($0, family, host: host, port: port) }
    guard let length else {
      close(socket)
      throw WarrenError(.invalidArgument, "\(name) cannot be listened on; \(host.quoted) is not an IP address; give one of this machine")
    }
    let bound = withUnsafePointer(to: &storage) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) } }
    guard bound == 0, Glibc.listen(socket, 512) == 0 else {
      let failure = failure(name, purpose)
      close(socket)
      throw failure
    }
    return (socket, Self.port(of: socket) ?? port)
  }

  /// Nil when the host is no address of this family.
  private static func fill(_ bytes: UnsafeMutableRawBufferPointer, _ family: CInt, host: String, port: Int) -> socklen_t? {
    if family == AF_INET6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(family)
      address.sin6_port = UInt16(truncatingIfNeeded: port).bigEndian
      guard host.isEmpty || inet_pton(family, host, &address.sin6_addr) == 1 else { return nil }
      bytes.storeBytes(of: address, as: sockaddr_in6.self)
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(family)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    guard host.isEmpty || inet_pton(family, host, &address.sin_addr) == 1 else { return nil }
    bytes.storeBytes(of: address, as: sockaddr_in.self)
    return socklen_t(MemoryLayout<sockaddr_in>.size)
  }

  private static func port(of socket: CInt) -> Int? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let known = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
    }
    guard known == 0 else { return nil }
    // The port is at the same place in both kinds.
    return withUnsafeBytes(of: &storage) { Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))) }
  }

  private static func failure(_ name: String, _ purpose: Purpose) -> WarrenError {
    let code = errno
    defer { errno = code }
    let advice =
      switch code {
      case EADDRINUSE: "another program listens there; stop it, or choose another port with \(purpose.option)"
      case EADDRNOTAVAIL: "this machine has no such address; choose one it has with \(purpose.option)"
      case EACCES: "this user may not; run as root, or choose a port above 1023 with \(purpose.option)"
      default: "choose another address with \(purpose.option)"
      }
    return WarrenError(.failedPrecondition, "cannot \(purpose.words) on \(name); \(String(cString: strerror(code))); \(advice)")
  }
}
