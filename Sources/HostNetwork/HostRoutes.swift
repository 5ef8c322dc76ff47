import ClusterModel
import Foundation

/// The subnets this machine already has a way to, from `/proc/net/route`.
package enum HostRoutes {
  /// Fails when the subnet for the tasks overlaps one the machine uses for something else: traffic would go the wrong way.
  /// - Throws: `WarrenError(.failedPrecondition)`.
  package static func check(_ configuration: NetworkConfiguration) throws {
    let table = (try? String(contentsOfFile: "/proc/net/route", encoding: .utf8)) ?? ""
    for route in parse(table) where route.interface != configuration.bridge && route.subnet.prefixLength > 0 {
      guard route.subnet.overlaps(configuration.subnet) else { continue }
      throw WarrenError(
        .failedPrecondition,
        "The container subnet \(configuration.subnet) overlaps \(route.subnet), which this machine reaches over \(route.interface); choose another with --cni-subnet"
      )
    }
  }

  static func parse(_ table: String) -> [(interface: String, subnet: IPv4Subnet)] {
    table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: "\t").map { $0.filter { !$0.isWhitespace } }
      guard fields.count > 7, let destination = UInt32(fields[1], radix: 16), let mask = UInt32(fields[7], radix: 16) else { return nil }
      return (String(fields[0]), IPv4Subnet(address: destination.byteSwapped, prefixLength: mask.nonzeroBitCount))
    }
  }
}
