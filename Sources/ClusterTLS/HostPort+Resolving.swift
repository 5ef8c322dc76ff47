package import ClusterModel
import Glibc
package import NIOCore
import NIOPosix

extension HostPort {
  /// - Throws: `invalidArgument`.
  package init(manager text: String) throws(WarrenError) {
    guard let address = HostPort(text) else {
      throw WarrenError(
        .invalidArgument, "\(text.quoted) is not the address of a manager; use HOST:PORT, for example 10.0.0.1:8080 or [fd00::1]:8080")
    }
    self = address
  }

  /// Asks the system, now: a name may mean another machine the next time.
  /// - Throws: `unavailable` when there is no such host.
  package func resolve() async throws(WarrenError) -> [SocketAddress] {
    // An address has nothing to wait for, least of all for the look-up of a name whose server is silent.
    if let address = try? SocketAddress(ipAddress: host, port: port) { return [address] }
    do { return try await NIOThreadPool.singleton.runIfActive { try lookUp() } } catch let error as WarrenError { throw error } catch {
      throw WarrenError(.unavailable, "the host name \(host) cannot be looked up", cause: error)
    }
  }

  private func lookUp() throws -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    hints.ai_family = AF_UNSPEC
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &found)
    defer { if let found { freeaddrinfo(found) } }
    guard code == 0 else {
      throw WarrenError(
        .unavailable, "the host name \(host) cannot be resolved; \(String(cString: gai_strerror(code))); check its spelling, and this machine's DNS")
    }
    var addresses: [SocketAddress] = []
    var entry = found
    while let info = entry?.pointee {
      if let address = info.ai_addr {
        switch info.ai_family {
        case AF_INET: address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { addresses.append(SocketAddress($0.pointee, host: host)) }
        case AF_INET6: address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { addresses.append(SocketAddress($0.pointee, host: host)) }
        default: break
        }
      }
      entry = info.ai_next
    }
    return addresses
  }
}
