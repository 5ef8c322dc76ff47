import ClusterModel
import Foundation

/// Has the kernel pass packets on, without which containers reach nothing, and keeps the machine from becoming a router by that.
///
/// The kernel's switch is one for all interfaces. Where it is on already, somebody wants that, and nothing is added. Where Warren has to
/// turn it on, packets between the machine's own interfaces go on being dropped: those it had at that moment, and hardware that comes
/// later. Bridges of containers and virtual machines (Docker, libvirt) and tunnels that are made later are left alone, since whoever makes
/// them counts on forwarding. Docker sets the policy of iptables' FORWARD chain for the same reason, which is for the whole machine.
struct Forwarding: Sendable {
  /// Lasts as long as the machine is up, like the switch.
  var record = "/run/warren/forwarding"
  var setting = "/proc/sys/net/ipv4/ip_forward"
  var interfaces = "/sys/class/net"

  /// The rules to load before `turnOn`; empty when they are not called for.
  func rules() throws -> String {
    if !isOn { try write(uplinks().joined(separator: "\n"), to: record) }
    guard let recorded = FileManager.default.contents(atPath: record) else { return "" }
    let names = Set(String(decoding: recorded, as: UTF8.self).split(separator: "\n").map(String.init)).union(names().filter(isHardware))
    return Self.script(uplinks: names.sorted(), bridges: names.filter(isBridge))
  }

  func turnOn() throws {
    if !isOn { try write("1", to: setting) }
  }

  /// - Parameter bridges: those of the interfaces that are bridges; what stays on one is not routed, though it may be seen here
  ///   (br_netfilter).
  static func script(uplinks: [String], bridges: Set<String> = []) -> String {
    let rules = uplinks.compactMap { name -> String? in
      let others = uplinks.filter { $0 != name || !bridges.contains(name) }.map { "\"\($0)\"" }
      return others.isEmpty ? nil : "    iifname \"\(name)\" oifname { \(others.joined(separator: ", ")) } drop\n"
    }
    return """
      add table ip \(table)
      delete table ip \(table)
      table ip \(table) {
        chain forward {
          type filter hook forward priority 0; policy accept;
      \(rules.joined())  }
      }

      """
  }

  static let table = "warren_no_router"

  private var isOn: Bool { FileManager.default.contents(atPath: setting)?.first == UInt8(ascii: "1") }

  private func write(_ text: String, to path: String) throws {
    do {
      if path == record {
        try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      }
      try text.write(toFile: path, atomically: false, encoding: .utf8)
    } catch { throw WarrenError(.failedPrecondition, "Cannot write \(path); run as root", cause: error) }
  }

  /// Ways out of the machine. Bridges without hardware are of containers or virtual machines, with all that is attached to them.
  private func uplinks() -> [String] {
    names().filter { $0 != "lo" && !exists("\($0)/master") && (!isBridge($0) || ports(of: $0).contains(where: isHardware)) }
  }

  private func names() -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: interfaces)) ?? []).sorted() }
  private func ports(of bridge: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(interfaces)/\(bridge)/brif")) ?? []
  }
  private func isBridge(_ name: String) -> Bool { exists("\(name)/bridge") }
  private func isHardware(_ name: String) -> Bool { exists("\(name)/device") }
  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(interfaces)/\(path)") }
}
