package import ClusterModel

/// A task's address on the node's bridge and the ports it publishes.
package struct PublishedTask: Hashable, Sendable {
  /// IPv4 address of the container, without a prefix length.
  package var address: String
  package var ports: [PublishedPort]

  package init(address: String, ports: [PublishedPort]) {
    self.address = address
    self.ports = ports
  }
}

/// Builds the nftables rules that lead a node's published ports to its tasks, and keep everything else away from them.
///
/// CNI's portmap plugin gives a host port to exactly one container: the first rule wins. Here tasks of one service on one node share
/// its port and take new connections in turn, so two replicas serve behind one port and a task can leave it before it is stopped.
/// Destination NAT keeps the client's address; only connections that come from the node's loopback, or from a container of the same
/// bridge, are masqueraded, because their answers would not come back otherwise.
///
/// Whoever has a route through the node could reach every port of every container: the forward chain lets in what was led here by a
/// published port (of this table or another), what answers, and what stays on the bridge. The guard chain keeps containers off the
/// node's own loopback, which `route_localnet` (needed for publishing on 127.0.0.1) would open to them (CVE-2020-8558), and drops what
/// claims an address from the wrong side: containers send as themselves only, and nobody else sends as a container.
/// Syntax: https://wiki.nftables.org/wiki-nftables/index.php/Load_balancing
package struct PortRules: Sendable {
  /// Name of the table; everything in it is ours, so each change replaces it as a whole and nothing of an earlier life is left.
  package var table: String
  package var bridge: String
  /// The bridge's IPv4 subnet: `10.88.0.0/16`.
  package var subnet: String

  package init(table: String, bridge: String, subnet: String) {
    self.table = table
    self.bridge = bridge
    self.subnet = subnet
  }

  /// The transaction for `nft -f -` after which exactly these tasks are published, and all tasks reach the outside.
  package func script(publishing tasks: [PublishedTask]) -> String {
    let publish = publishRules(tasks).map { "    \($0)\n" }.joined()
    return removal + """
      table ip \(table) {
        chain publish {
      \(publish)  }
        chain prerouting {
          type nat hook prerouting priority -100; policy accept;
          ip daddr 127.0.0.0/8 return
          fib daddr type local jump publish
        }
        chain output {
          type nat hook output priority -100; policy accept;
          fib daddr type local jump publish
        }
        chain postrouting {
          type nat hook postrouting priority 100; policy accept;
          ip saddr \(subnet) oifname != "\(bridge)" masquerade
          ct status dnat oifname "\(bridge)" ip saddr 127.0.0.0/8 masquerade
          ct status dnat oifname "\(bridge)" ip saddr \(subnet) masquerade
        }
        chain guard {
          type filter hook prerouting priority -300; policy accept;
          iifname "\(bridge)" ip daddr 127.0.0.0/8 drop
          iifname "\(bridge)" ip saddr != \(subnet) drop
          iifname != { "\(bridge)", "lo" } ip saddr \(subnet) drop
        }
        chain forward {
          type filter hook forward priority 0; policy accept;
          oifname != "\(bridge)" accept
          iifname "\(bridge)" accept
          ct state established,related accept
          ct status dnat accept
          drop
        }
      }

      """
  }

  /// The transaction that removes every rule of ours. Adding the table first makes the deletion succeed when there is none.
  package var removal: String { "add table ip \(table)\ndelete table ip \(table)\n" }

  private struct Listener: Hashable {
    var ip: String
    var transport: PublishedPort.TransportProtocol
    var port: UInt16
  }

  /// One rule per listening address, most specific address first.
  private func publishRules(_ tasks: [PublishedTask]) -> [String] {
    var targets: [Listener: [String]] = [:]
    for task in tasks {
      for port in task.ports {
        let ip = port.hostIP == "0.0.0.0" || port.hostIP == "::" ? "" : port.hostIP
        targets[Listener(ip: ip, transport: port.transport, port: port.hostPort), default: []].append("\(task.address) . \(port.containerPort)")
      }
    }
    let order = targets.keys.sorted {
      ($0.ip.isEmpty ? 1 : 0, $0.ip, $0.transport.rawValue, $0.port) < ($1.ip.isEmpty ? 1 : 0, $1.ip, $1.transport.rawValue, $1.port)
    }
    return order.map { listener in
      let protocolName = listener.transport == .tcp ? "tcp" : "udp"
      let address = listener.ip.isEmpty ? "" : "ip daddr \(listener.ip) "
      let choices = (targets[listener] ?? []).sorted().enumerated().map { "\($0) : \($1)" }
      return "\(address)\(protocolName) dport \(listener.port) dnat ip to numgen inc mod \(choices.count) map { \(choices.joined(separator: ", ")) }"
    }
  }
}
