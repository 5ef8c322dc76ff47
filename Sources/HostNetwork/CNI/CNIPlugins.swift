import ClusterModel
import Glibc

/// Calls the CNI plugins that connect a network namespace to the node's bridge.
struct CNIPlugins: Sendable {
  let network: NetworkConfiguration

  /// Connects the namespace to the bridge and returns its address.
  func add(id: String, namespace: String) async throws -> String {
    let output = try await call(.add, id: id, namespace: namespace)
    guard output.succeeded else {
      throw WarrenError(
        .internalError, "Could not connect '\(id)' to \(network.bridge): \(CNIResponse.failure(output: output.text, errors: output.errors))")
    }
    return try CNIResponse.address(from: output.text)
  }

  /// Takes interface and address away; fine when they, or the namespace, are gone already.
  func delete(id: String, namespace: String) async throws {
    let output = try await call(.delete, id: id, namespace: namespace)
    guard output.succeeded else {
      throw WarrenError(
        .internalError, "Could not disconnect '\(id)' from \(network.bridge): \(CNIResponse.failure(output: output.text, errors: output.errors))")
    }
  }

  private func call(_ command: CNIRequest.Command, id: String, namespace: String) async throws -> Tool.Output {
    // A container whose packets are larger than the node's link takes loses them on the way where ICMP is filtered.
    let mtu = command == .add ? HostRoutes.defaultMTU() : nil
    let request = CNIRequest(command: command, containerID: id, namespace: namespace, pluginPaths: network.pluginPaths)
    return try await Tool.run(
      try plugin("bridge"), [], environment: request.environment, input: try CNIRequest.bridgeConfiguration(network, mtu: mtu))
  }

  private func plugin(_ name: String) throws -> String {
    guard let folder = network.pluginPaths.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
      throw WarrenError(
        .failedPrecondition,
        "The CNI plugin '\(name)' is in none of \(network.pluginPaths.joined(separator: ", ")); install the package containernetworking-plugins")
    }
    return "\(folder)/\(name)"
  }
}
