import ClusterModel
import Orchestration
import Raft

/// Whether a node may be removed or change its role now. Pure: asked inside of the transaction that does it.
struct MembershipRules {
  let view: StoreView
  /// The leader's: only it knows who is there.
  let overview: RaftOverview

  /// - Parameter isOwnWish: the node itself asks, which it does when it leaves.
  /// - Returns: what people should know of it.
  /// - Throws: why it may not be.
  func removal(of node: ClusterNode, force: Bool, isOwnWish: Bool = false) throws(WarrenError) -> [String] {
    let isMember = node.memberID != 0
    let notes = isMember ? try withoutManager(node, force: force, doing: "removing") : []
    if force { return notes }
    let tasks = view.tasks(onNode: node.id).count { $0.isPlaced && $0.desiredState == .running && !$0.status.state.isTerminal }
    if node.state == .ready, tasks > 0 {
      throw WarrenError(
        .failedPrecondition,
        "node \(node.id) is up and runs \(tasks) \(tasks == 1 ? "task" : "tasks"); removing it would stop them before others run in their place; "
          + "move them first (warren node drain \(node.id)), or use --force")
    }
    if node.state == .ready, !isMember, !isOwnWish {
      throw WarrenError(
        .failedPrecondition,
        "node \(node.id) is up; a worker is removed when it is down; let it leave by itself (there: warren leave), stop its daemon, or use --force")
    }
    return notes
  }

  func demotion(of node: ClusterNode, force: Bool) throws(WarrenError) -> [String] {
    if node.leaving { throw Self.isLeaving(node) }
    return node.roles.contains(.manager) ? try withoutManager(node, force: force, doing: "demoting") : []
  }

  func promotion(of node: ClusterNode) throws(WarrenError) -> [String] {
    if node.leaving { throw Self.isLeaving(node) }
    if node.roles.contains(.manager) { return [] }
    if node.memberID != 0 {
      throw WarrenError(.failedPrecondition, "node \(node.id) is still being taken out of the managers; try again in a moment")
    }
    guard node.state == .ready else {
      throw WarrenError(.failedPrecondition, "node \(node.id) is down, so it cannot become a manager; start it there first: warren start")
    }
    return Self.note(voters: lasting(without: nil).count + 1)
  }

  private static func isLeaving(_ node: ClusterNode) -> WarrenError {
    WarrenError(.failedPrecondition, "node \(node.id) is being removed from the cluster; wait until that is done, then join it anew")
  }

  /// The managers that are to stay, but for this one.
  private func lasting(without node: NodeID?) -> [ClusterNode] { view.nodes.filter { $0.isLastingManager && $0.memberID != 0 && $0.id != node } }

  private func withoutManager(_ node: ClusterNode, force: Bool, doing: String) throws(WarrenError) -> [String] {
    let rest = lasting(without: node.id)
    guard !rest.isEmpty else {
      throw WarrenError(
        .failedPrecondition,
        "\(node.id) is the only manager; without one there is no cluster; make a manager of another node first: warren node promote NODE")
    }
    // A learner has no vote; whether it is there does not matter yet.
    let voters = rest.filter { overview.configuration.voters.contains(MemberID(rawValue: $0.memberID)) }
    let isVoter = overview.configuration.voters.contains(MemberID(rawValue: node.memberID))
    let there = voters.count { overview.isActive(MemberID(rawValue: $0.memberID)) }
    let needed = voters.count / 2 + 1
    guard isVoter, there < needed else { return Self.note(voters: rest.count) }
    let missing = voters.filter { !overview.isActive(MemberID(rawValue: $0.memberID)) }.map(\.id.rawValue).sorted()
    let consequence =
      "\(doing) \(node.id) leaves \(voters.count) managers that vote, of which \(needed) have to be there and \(there) \(there == 1 ? "is" : "are"): "
      + "nothing could be changed until \(missing.isEmpty ? "one joins" : "more of \(missing.joined(separator: ", ")) are back")"
    if force { return ["it was forced: \(consequence)"] }
    let remedy =
      missing.first.map { "start \(missing.joined(separator: ", ")) again, or remove it first: warren node remove \($0)" }
      ?? "wait until the others have caught up"
    throw WarrenError(.failedPrecondition, "\(consequence); \(remedy)")
  }

  private static func note(voters count: Int) -> [String] {
    guard count.isMultiple(of: 2) else { return [] }
    return ["\(count) managers survive the loss of no more of them than \(count - 1) would; better add one, or remove one"]
  }
}
