import Glibc
import SystemPackage

/// Loopback ports for the servers of a test.
package enum TemporaryPorts {
  /// Ports that nobody listens on now, and that the kernel gives to no outgoing connection.
  package static func free(_ count: Int) throws -> [Int] {
    var ports: Set<Int> = []
    for _ in 0..<1000 where ports.count < count {
      let port = Int.random(in: 20_000..<32_000)
      if try isFree(port) { ports.insert(port) }
    }
    guard ports.count == count else { throw Errno.addressInUse }
    return Array(ports)
  }

  private static func isFree(_ port: Int) throws -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    var address = sockaddr_in(loopback: UInt16(port))
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
  }
}

extension sockaddr_in {
  init(loopback port: UInt16) {
    self.init()
    sin_family = sa_family_t(AF_INET)
    sin_port = port.bigEndian
    sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
  }
}
