package import ClusterModel
import Foundation

/// Looks for what stands in the way of the ports that a task wants to publish: other programs of the machine that listen there, whose
/// connections the rules would silently take, and addresses that are not this machine's.
package enum HostPorts {
  /// - Throws: `WarrenError(.failedPrecondition)` naming the port and, where it can be found, the program that listens on it.
  package static func check(_ ports: [PublishedPort]) throws {
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

  private static func listening() -> [ListeningSocket] {
    let tables: [(String, PublishedPort.TransportProtocol)] = [("tcp", .tcp), ("tcp6", .tcp), ("udp", .udp), ("udp6", .udp)]
    return tables.flatMap { name, transport in
      ListeningSocket.parse((try? String(contentsOfFile: "/proc/net/\(name)", encoding: .utf8)) ?? "", transport: transport)
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
