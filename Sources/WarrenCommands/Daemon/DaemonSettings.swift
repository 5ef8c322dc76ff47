/// What was said on the command line about a node, kept in its data directory. Nil: not said, so the default holds.
struct DaemonSettings: Codable, Sendable, Equatable {
  var managerOnly: Bool?
  var bindAddress: String?
  var apiAddress: String?
  var advertiseAddress: String?
  var socket: String?
  var nanoCPUs: Int64?
  var memoryBytes: Int64?
  var labels: [String: String]?
  var containerdAddress: String?
  var containerdNamespace: String?
  var cniPaths: [String]?
  var subnet: String?
  var bridge: String?
  var nameServers: [String]?
  var metricsAddress: String?
  var raftProfile: String?
  var nodeDownSeconds: Double?
  /// Of a worker: the managers it was told of, `host:port`.
  var managers: [String]?
  /// The node was promoted or demoted: the command that it was made with runs what it is now.
  var changedRole: Bool?

  /// What is said now, completed by what was said before.
  func completed(by earlier: DaemonSettings) -> DaemonSettings {
    DaemonSettings(
      managerOnly: managerOnly ?? earlier.managerOnly, bindAddress: bindAddress ?? earlier.bindAddress, apiAddress: apiAddress ?? earlier.apiAddress,
      advertiseAddress: advertiseAddress ?? earlier.advertiseAddress, socket: socket ?? earlier.socket, nanoCPUs: nanoCPUs ?? earlier.nanoCPUs,
      memoryBytes: memoryBytes ?? earlier.memoryBytes,
      labels: labels ?? earlier.labels, containerdAddress: containerdAddress ?? earlier.containerdAddress,
      containerdNamespace: containerdNamespace ?? earlier.containerdNamespace, cniPaths: cniPaths ?? earlier.cniPaths,
      subnet: subnet ?? earlier.subnet,
      bridge: bridge ?? earlier.bridge, nameServers: nameServers ?? earlier.nameServers, metricsAddress: metricsAddress ?? earlier.metricsAddress,
      raftProfile: raftProfile ?? earlier.raftProfile, nodeDownSeconds: nodeDownSeconds ?? earlier.nodeDownSeconds,
      managers: managers ?? earlier.managers, changedRole: changedRole ?? earlier.changedRole)
  }
}
