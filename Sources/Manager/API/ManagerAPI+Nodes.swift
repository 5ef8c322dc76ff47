import ClusterModel
package import GRPCCore
import SwiftProtobuf
package import WarrenAPI

extension ManagerAPI {
  package func listNodes(request: Warren_V1_ListNodesRequest, context: ServerContext) async throws -> Warren_V1_ListNodesResponse {
    let view = try await currentView()
    let (page, next) = try Pager(request.page).page(view.nodes, by: \.id.rawValue, wire: \.wire)
    return .with {
      $0.nodes = page
      $0.nextPageToken = next
    }
  }

  package func getNode(request: Warren_V1_GetNodeRequest, context: ServerContext) async throws -> Warren_V1_GetNodeResponse {
    let own = try AuthorizedCall.ownNode()
    if let own, request.id != own.rawValue {
      throw WarrenError(.permissionDenied, "node \(own) may see itself only, not \(request.id.quoted); ask as an administrator")
    }
    let node = try await currentView().findNode(request.id)
    return .with { $0.node = node.wire }
  }
}
