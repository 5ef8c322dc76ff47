import ClusterModel

/// Makes the kernel forget UDP flows, which it keeps for as long as their client sends, whatever the rules have become: without this a
/// client that never pauses would send to a container that is gone, or never reach one that came later.
/// Uses the program `conntrack`; where it is not installed such clients have to pause for half a minute.
enum UDPFlows {
  /// Flows that were led to a container that is gone.
  static func forget(to address: String) async { await delete(["--reply-src", address]) }

  /// Flows that began before anything was published on their port.
  static func forget(onPort port: UInt16) async { await delete(["--orig-port-dst", "\(port)"]) }

  // It exits with 1 when there was nothing to delete.
  private static func delete(_ filter: [String]) async { _ = try? await Tool.run("conntrack", ["-D", "-p", "udp"] + filter) }
}
