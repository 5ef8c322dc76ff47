import Foundation

/// The files about names that are mounted into a task: `hosts`, `hostname`, `resolv.conf`.
package struct HostFiles: Sendable, Equatable {
  package var hosts: String
  package var hostname: String
  package var resolver: String

  /// - Parameter address: the task's address on the bridge; nil with the node's own network.
  package init(hostname name: String, address: String?, resolver: String) {
    hostname = name + "\n"
    hosts =
      "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
      + (address.map { "\($0)\t\(name)\n" } ?? "127.0.1.1\t\(name)\n")
    self.resolver = resolver
  }

  /// The node's name servers as a task can use them.
  ///
  /// - Parameter chosen: instead of the node's own.
  package static func resolver(chosen: [String]) -> String {
    let upstream = try? String(contentsOfFile: "/run/systemd/resolve/resolv.conf", encoding: .utf8)
    return ResolverConfiguration.text(host: nodeResolver(), upstream: upstream, chosen: chosen)
  }

  /// The node's name servers as they are, which is right with the node's own network.
  package static func nodeResolver() -> String { (try? String(contentsOfFile: "/etc/resolv.conf", encoding: .utf8)) ?? "" }

  /// Writes the three files into a folder, which is made if it is not there.
  package func write(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    try writeHosts(to: folder)
    for (name, text) in [("hostname", hostname), ("resolv.conf", resolver)] { try Self.write(text, to: "\(folder)/\(name)") }
  }

  /// Writes the one file that has the address in it, in place: a container has the file itself mounted, not its name.
  package func writeHosts(to folder: String) throws { try Self.write(hosts, to: "\(folder)/hosts") }

  private static func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
}
