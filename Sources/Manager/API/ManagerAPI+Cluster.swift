import ClusterModel
import ClusterSecurity
package import GRPCCore
import Raft
import SwiftProtobuf
package import WarrenAPI

extension ManagerAPI {
  package func getClusterInfo(request: Warren_V1_GetClusterInfoRequest, context: ServerContext) async throws -> Warren_V1_GetClusterInfoResponse {
    let applied = ReadConsistency.mayBeStale ? nil : try await log.readBarrier()
    let view = store.view
    let overview = overview()
    let nodes = Dictionary(view.nodes.filter { $0.memberID != 0 }.map { (MemberID(rawValue: $0.memberID), $0) }) { first, _ in first }
    let voters = overview.configuration.voters
    return .with {
      $0.clusterID = view.cluster?.id.rawValue ?? ""
      if overview.leader != .none {
        $0.leaderID = name(of: overview.leader, overview, nodes)
        $0.leaderAddress = address(of: overview.leader, overview, nodes)
      }
      $0.servers = voters.union(overview.configuration.learners).map { member in
        .with {
          $0.id = name(of: member, overview, nodes)
          $0.address = address(of: member, overview, nodes)
          $0.suffrage = voters.contains(member) ? .voter : .learner
          $0.healthy = overview.isActive(member)
          $0.lag = overview.isLeader ? overview.lag(of: member) : 0
          if let silence = overview.silence[member], member != overview.own { $0.lastContact = silence.wire }
        }
      }.sorted { $0.id < $1.id }
      $0.commitIndex = applied ?? overview.commit
      $0.version = identity.version
      $0.authority = StoredTrust(store).trust?.pins.first?.text ?? ""
    }
  }

  private func name(of member: MemberID, _ overview: RaftOverview, _ nodes: [MemberID: ClusterNode]) -> String {
    nodes[member]?.id.rawValue ?? (member == overview.own ? identity.node.rawValue : "member \(member)")
  }

  private func address(of member: MemberID, _ overview: RaftOverview, _ nodes: [MemberID: ClusterNode]) -> String {
    nodes[member]?.raftAddress ?? (member == overview.own ? identity.raftAddress : "")
  }
}
