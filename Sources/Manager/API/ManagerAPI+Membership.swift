import ClusterModel
package import GRPCCore
import SwiftProtobuf
package import WarrenAPI

/// Which nodes there are, and which of them are managers. Served by the leader, who knows who is there.
extension ManagerAPI {
  private static let removeMethod = "RemoveNode"
  /// For a node to be out; it is all the same when that takes longer.
  private static let removalPatience = Duration.seconds(15)

  package func removeNode(request: Warren_V1_RemoveNodeRequest, context: ServerContext) async throws -> Warren_V1_RemoveNodeResponse {
    let own = try AuthorizedCall.ownNode()
    if let own, own.rawValue != request.id {
      throw WarrenError(.permissionDenied, "node \(own) may remove itself only, not \(request.id.quoted); ask as an administrator")
    }
    let overview = overview()
    let (id, notes) = try await store.update { transaction -> (NodeID, [String]) in
      if let earlier = try transaction.outcome(of: Self.removeMethod, requestID: request.requestID) { return (NodeID(earlier.objectID), []) }
      var node = try transaction.view.findNode(request.id)
      let notes = try MembershipRules(view: transaction.view, overview: overview).removal(of: node, force: request.force, isOwnWish: own != nil)
      if node.memberID == 0 {
        try transaction.removeNode(node)
      } else if !node.leaving || node.forced != request.force {
        // First it ceases to be a member of Raft, for which its own vote may be needed.
        (node.leaving, node.forced) = (true, node.forced || request.force)
        try transaction.put(node)
      }
      try transaction.remember(Self.removeMethod, requestID: request.requestID, object: node.id.rawValue)
      return (node.id, notes)
    }
    let isDone = try await isGone(id)
    return .with {
      $0.notes = notes
      $0.underWay = !isDone
    }
  }

  /// False when this manager cannot see it through: it is the one that goes.
  /// - Throws: `deadlineExceeded` when it takes long.
  private func isGone(_ id: NodeID) async throws -> Bool {
    if id == identity.node { return false }
    let isGone = try? await withDeadline(Self.removalPatience) { [store] in await store.until(\.concernsNodes) { $0.node(id) == nil } }
    try Task.checkCancellation()
    if isGone == true { return true }
    throw WarrenError(
      .deadlineExceeded,
      "node \(id) is to be removed, and is still there after \(Self.removalPatience.components.seconds) s; it goes on by itself; "
        + "see: warren cluster info, warren node list")
  }

  /// Needs no request id: done twice, it is the same.
  package func changeNodeRole(
    request: Warren_V1_ChangeNodeRoleRequest, context: ServerContext
  ) async throws -> Warren_V1_ChangeNodeRoleResponse {
    guard [.manager, .worker].contains(request.role) else {
      throw WarrenError(.invalidArgument, "it is not clear what node \(request.id.quoted) is to be; its role is neither manager nor worker")
    }
    let overview = overview()
    let (node, notes) = try await store.update { transaction -> (ClusterNode, [String]) in
      let stored = try transaction.view.findNode(request.id)
      var node = stored
      let rules = MembershipRules(view: transaction.view, overview: overview)
      let notes: [String]
      if request.role == .manager {
        notes = try rules.promotion(of: node)
        if !node.roles.contains(.manager) {
          node.roles.insert(.manager)
          node.memberID = try NodeAdmission.nextMemberID(&transaction)
          // Where managers are, unless they say otherwise, which it does as soon as it connects.
          node.raftAddress = "\(node.description.hostname):7946"
        }
      } else {
        notes = try rules.demotion(of: node, force: request.force)
        if node.roles.contains(.manager) { (node.roles, node.forced) = ([.worker], request.force) }
      }
      if node != stored { try transaction.put(node) }
      return (node, notes)
    }
    return .with {
      $0.node = node.wire
      $0.notes = notes
    }
  }
}
