import Foundation

/// One call of a CNI plugin: what goes into its environment and on its standard input.
/// Specification: https://www.cni.dev/docs/spec/
struct CNIRequest: Equatable {
  enum Command: String { case add = "ADD", delete = "DEL" }

  var command: Command
  var containerID: String
  /// Path of the network namespace; empty when it is gone, which a DEL must accept.
  var namespace: String
  var pluginPaths: [String]

  var environment: [String: String] {
    [
      "CNI_COMMAND": command.rawValue, "CNI_CONTAINERID": containerID, "CNI_NETNS": namespace, "CNI_IFNAME": "eth0",
      "CNI_PATH": pluginPaths.joined(separator: ":"),
    ]
  }

  /// The bridge plugin's configuration, with host-local giving out the addresses.
  ///
  /// `ipMasq` stays off: it would add iptables chains per container; the node's own nftables table masquerades for the whole subnet.
  ///
  /// - Parameter mtu: the largest packet of the container's link; nil leaves it to the kernel (1500).
  static func bridgeConfiguration(_ network: NetworkConfiguration, mtu: Int? = nil) throws -> String {
    struct Configuration: Encodable {
      struct IPAM: Encodable {
        struct Range: Encodable { var subnet: String }
        struct Route: Encodable { var dst: String }
        var type = "host-local"
        var ranges: [[Range]]
        var routes = [Route(dst: "0.0.0.0/0")]
        var dataDir: String
      }
      var cniVersion = "0.4.0"
      var name: String
      var type = "bridge"
      var bridge: String
      var isGateway = true
      var hairpinMode = true
      var ipMasq = false
      var mtu: Int?
      var ipam: IPAM
    }
    let configuration = Configuration(
      name: network.bridge, bridge: network.bridge, mtu: mtu,
      ipam: .init(ranges: [[.init(subnet: network.subnet.description)]], dataDir: network.stateDirectory))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(configuration), as: UTF8.self)
  }
}
