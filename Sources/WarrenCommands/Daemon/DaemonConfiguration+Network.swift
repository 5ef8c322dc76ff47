import ClusterModel
import HostNetwork
import Logging

extension DaemonConfiguration {
  func network() throws -> NetworkConfiguration {
    NetworkConfiguration(
      bridge: bridge, subnet: try IPv4Subnet(subnet), pluginPaths: cniPaths, stateDirectory: "\(dataDirectory)/network", nameServers: nameServers)
  }

  /// Makes sure that the containers' network can be as it is to be, before that is written down: its addresses must be free on this
  /// machine, and a network laid out otherwise goes, if no container is on it.
  ///
  /// - Parameter earlier: what the node was until now; nil for a new one.
  func takeNetwork(after earlier: DaemonConfiguration?, logger: Logger) async throws {
    guard runsContainers else { return }
    let wanted = try network()
    try HostRoutes.check(wanted, ignoring: Set([earlier?.bridge].compactMap { $0 }))
    if let earlier, earlier.runsContainers { try await NodeNetwork.change(from: try earlier.network(), to: wanted, logger: logger) }
  }
}
