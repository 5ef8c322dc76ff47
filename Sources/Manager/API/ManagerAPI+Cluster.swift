import ClusterModel
package import GRPCCore
import SwiftProtobuf
package import WarrenAPI

extension ManagerAPI {
  package func getClusterInfo(request: Warren_V1_GetClusterInfoRequest, context: ServerContext) async throws -> Warren_V1_GetClusterInfoResponse {
    let index = try await log.readBarrier()
    return .with {
      $0.clusterID = store.view.cluster?.id.rawValue ?? ""
      if log.leadership.isLeader {
        $0.leaderID = identity.node.rawValue
        $0.leaderAddress = identity.raftAddress
      }
      $0.servers = [
        .with {
          $0.id = identity.node.rawValue
          $0.address = identity.raftAddress
          $0.suffrage = .voter
        }
      ]
      $0.commitIndex = index
      $0.version = identity.version
    }
  }
}
