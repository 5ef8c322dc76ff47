import ClusterModel
import Foundation

/// The ways this machine already has, from `/proc/net/route`.
package enum HostRoutes {
  struct Route: Equatable {
    var interface: String
    var subnet: IPv4Subnet
    var metric: Int
  }

  /// Fails when the subnet for the tasks overlaps one the machine uses for something else: traffic would go the wrong way.
  ///
  /// - Parameter ignoring: bridges that are about to go.
  /// - Throws: `WarrenError(.failedPrecondition)`.
  package static func check(_ configuration: NetworkConfiguration, ignoring: Set<String> = []) throws {
    try check(configuration, ignoring: ignoring, table: table())
  }

  static func check(_ configuration: NetworkConfiguration, ignoring: Set<String>, table: String) throws {
    for route in parse(table) where route.interface != configuration.bridge && !ignoring.contains(route.interface) {
      guard route.subnet.prefixLength > 0, route.subnet.overlaps(configuration.subnet) else { continue }
      let owner = route.interface.contains("podman") ? " (podman's network has the same addresses by default)" : ""
      throw WarrenError(
        .failedPrecondition,
        "The container subnet \(configuration.subnet) overlaps \(route.subnet), which this machine reaches over \(route.interface)\(owner); "
          + "choose another with --cni-subnet, for example \(configuration.subnet.neighbour)")
    }
  }

  /// The largest packet that leaves this machine whole: that of the link its default route takes. Nil without one.
  package static func defaultMTU() -> Int? {
    guard let interface = defaultInterface(table()), let text = try? String(contentsOfFile: "/sys/class/net/\(interface)/mtu", encoding: .utf8)
    else { return nil }
    return Int(text.trimmed)
  }

  static func defaultInterface(_ table: String) -> String? {
    parse(table).filter { $0.subnet.prefixLength == 0 }.min { $0.metric < $1.metric }?.interface
  }

  private static func table() -> String { KernelFile.text("/proc/net/route") }

  static func parse(_ table: String) -> [Route] {
    table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: "\t").map { $0.filter { !$0.isWhitespace } }
      guard fields.count > 7, let destination = UInt32(fields[1], radix: 16), let mask = UInt32(fields[7], radix: 16),
        let flags = UInt32(fields[3], radix: 16), flags & unreachable == 0
      else { return nil }
      return Route(
        interface: String(fields[0]), subnet: IPv4Subnet(address: destination.byteSwapped, prefixLength: mask.nonzeroBitCount),
        metric: Int(fields[6]) ?? 0)
    }
  }

  /// RTF_REJECT: a route that leads nowhere.
  private static let unreachable: UInt32 = 0x200
}
