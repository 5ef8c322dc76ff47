import Glibc

/// The IPv4 addresses that programs of this machine can listen on.
enum HostAddress {
  /// Asks the kernel as a server does, so that the whole of 127.0.0.0/8 counts, and every address where `ip_nonlocal_bind` is set (for one
  /// that moves between machines).
  static func canListen(on text: String) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    guard inet_pton(AF_INET, text, &address.sin_addr) == 1 else { return false }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    // Without a socket nothing is known against it.
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    } || errno != EADDRNOTAVAIL
  }

  /// Of all interfaces that are up, in the kernel's order.
  static func all() -> [String] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    return sequence(first: first) { $0?.pointee.ifa_next }.compactMap { entry in
      guard let entry, let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
      return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { IPv4Subnet.text(UInt32(bigEndian: $0.pointee.sin_addr.s_addr)) }
    }
  }
}
