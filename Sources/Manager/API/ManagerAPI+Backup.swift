import ClusterModel
import FoundationEssentials
package import GRPCCore
import SwiftProtobuf
package import WarrenAPI

extension ManagerAPI {
  /// All that was acknowledged before the call is in it, unless the caller does not ask for that.
  package func backupCluster(
    request: Warren_V1_BackupClusterRequest, response: RPCWriter<Warren_V1_BackupClusterResponse>, context: ServerContext
  ) async throws {
    guard let nodes else {
      throw WarrenError(.failedPrecondition, "this manager has no keys that a backup would need; it was started without; ask another manager")
    }
    let backup = try Backup(
      try await currentView(), term: overview().term, madeBy: identity.node, version: identity.version, at: store.now(),
      keys: try nodes.sealingKeys())
    try await context.whileConnected {
      try await backup.write { piece in try await response.write(.with { $0.data = Data(piece) }) }
    }
  }
}
