import ClusterModel

/// How a node's container network is laid out. Two daemons on one machine need different bridges and subnets.
package struct NetworkConfiguration: Sendable, Equatable {
  /// Name of the bridge; also the prefix of the network namespaces and the name of the nftables table, so at most 15 characters.
  package var bridge: String
  /// Where the tasks' addresses come from; its first address is the bridge's.
  package var subnet: IPv4Subnet
  /// Folders that are searched for CNI plugins, in order.
  package var pluginPaths: [String]
  /// Where host-local keeps the addresses it gave out.
  package var stateDirectory: String
  /// What tasks ask for names, as IPv4 addresses; empty: what the node asks.
  package var nameServers: [String]

  package init(
    bridge: String = "warren0", subnet: IPv4Subnet, pluginPaths: [String] = ["/opt/cni/bin", "/usr/lib/cni"], stateDirectory: String,
    nameServers: [String] = []
  ) {
    self.bridge = bridge
    self.subnet = subnet
    self.pluginPaths = pluginPaths
    self.stateDirectory = stateDirectory
    self.nameServers = nameServers
  }

  /// nftables names have no hyphens in them.
  var table: String { String(bridge.map { $0.isLetter || $0.isNumber ? $0 : "_" }) }

  /// Rules that use all that the node's own ones will, for trying out whether this kernel and nftables take them.
  package var sampleRules: String {
    let port = PublishedPort(hostIP: "127.0.0.1", hostPort: 1, containerPort: 1)
    let addresses = [subnet.network + 2, subnet.network + 3].map { IPv4Subnet.text($0) }
    return PortRules(table: table, bridge: bridge, subnet: subnet.description)
      .script(publishing: addresses.map { PublishedTask(address: $0, ports: [port]) })
  }
}
