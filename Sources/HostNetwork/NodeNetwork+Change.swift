import ClusterModel
import Foundation
package import Logging

extension NodeNetwork {
  /// Takes the network away that a node has had, so that it can have another. Nothing happens when both are laid out alike.
  ///
  /// - Throws: `WarrenError(.failedPrecondition)` while containers are on it: they would be cut off.
  package static func change(from earlier: NetworkConfiguration, to later: NetworkConfiguration, logger: Logger) async throws {
    guard earlier.bridge != later.bridge || earlier.subnet != later.subnet else { return }
    let network = NodeNetwork(configuration: earlier, logger: logger)
    let attached = network.namespaces().count
    guard attached == 0 else {
      throw WarrenError(
        .failedPrecondition,
        "\(attached) \(attached == 1 ? "container is" : "containers are") still on \(earlier.bridge) with addresses of \(earlier.subnet); start with "
          + "--bridge \(earlier.bridge) --cni-subnet \(earlier.subnet), scale the services to 0, and change it after that")
    }
    guard FileManager.default.fileExists(atPath: "/sys/class/net/\(earlier.bridge)") else { return }
    try await network.remove()
    logger.notice("network.changed", metadata: ["from": "\(earlier.bridge) \(earlier.subnet)", "to": "\(later.bridge) \(later.subnet)"])
  }
}
