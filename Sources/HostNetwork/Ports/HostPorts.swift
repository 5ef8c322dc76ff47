package import ClusterModel
import Foundation
import Glibc

/// Looks for what stands in the way of the ports that a task wants to publish: other programs of the machine that listen there, whose
/// connections the rules would silently take, and addresses that are not this machine's.
package enum HostPorts {
  /// - Throws: `WarrenError(.failedPrecondition)` naming the port and, where it can be found, the program that listens on it.
  package static func check(_ ports: [PublishedPort]) throws {
    let ports = ports.filter { !isFree($0) }
    guard !ports.isEmpty else { return }
    for port in ports { try checkAddress(port) }
    let sockets = listening()
    for port in ports {
      guard let holder = sockets.first(where: { $0.blocks(port) }) else { continue }
      let name = port.transport == .tcp ? "tcp" : "udp"
      throw WarrenError(
        .failedPrecondition,
        "Port \(port.hostPort)/\(name) of this node is in use by \(owner(of: holder.inode) ?? "another program"); stop it or publish another port")
    }
  }

  private static func checkAddress(_ port: PublishedPort) throws {
    // With the node's own network, where IPv6 addresses are possible, the program itself finds out.
    guard !port.hostIP.isEmpty, !port.hostIP.contains(":"), !HostAddress.canListen(on: port.hostIP) else { return }
    throw WarrenError(
      .failedPrecondition,
      "Port \(port.hostPort) cannot be published on \(port.hostIP): this node does not have that address, it has "
        + "\(HostAddress.all().joined(separator: ", ")); publish it on one of those, or on all by leaving the address out")
  }

  /// The program that listens where this port would be published: `nginx (pid 812)`; nil when none does.
  package static func holder(of port: PublishedPort) -> String? {
    listening().first { $0.blocks(port) }.map { owner(of: $0.inode) ?? "another program" }
  }

  /// Whether nobody listens there, found out by taking the address for a moment: the kernel needs milliseconds to print its TCP sockets.
  /// False says nothing. A UDP socket that is taken would look like one that listens to whoever else is checking.
  private static func isFree(_ port: PublishedPort) -> Bool {
    guard port.transport == .tcp, let ip = port.hostIP.isEmpty ? 0 : IPv4Subnet.address(port.hostIP) else { return false }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // Connections that are over, and sockets that only connected from there, do not count.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.hostPort.bigEndian
    address.sin_addr.s_addr = ip.bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
  }

  static func listening() -> [ListeningSocket] {
    let tables: [(String, PublishedPort.TransportProtocol)] = [("tcp", .tcp), ("tcp6", .tcp), ("udp", .udp), ("udp6", .udp)]
    return tables.flatMap { name, transport in
      ListeningSocket.parse(KernelFile.text("/proc/net/\(name)"), transport: transport)
    }
  }

  /// `nginx (pid 812)`: the first process that has the socket open.
  private static func owner(of inode: UInt64) -> String? {
    let files = FileManager.default
    for pid in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] where pid.allSatisfy(\.isNumber) {
      for descriptor in (try? files.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? [] {
        guard (try? files.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(descriptor)")) == "socket:[\(inode)]" else { continue }
        let name = (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8))?.trimmed ?? "a program"
        return "\(name) (pid \(pid))"
      }
    }
    return nil
  }
}
