import ClusterModel
import Logging
import Raft

/// Sees to it, while this manager leads, that the members of Raft are the managers of the store, and that the store says which are away.
struct MemberLoop {
  let store: ClusterStore
  let log: RaftMember
  let downAfter: Duration
  let clock: any Clock<Duration>
  let logger: Logger

  /// Between looks at the others: what changes without a change in the store is who is there and how far.
  private static let interval = Duration.milliseconds(500)

  /// Until cancelled.
  func run() async {
    var lastProblem = ""
    var trial = LearnerTrial(interval: Self.interval)
    while !Task.isCancelled {
      do {
        try await look(&trial)
        lastProblem = ""
      } catch is CancellationError {
        return
      } catch {
        if "\(error)" != lastProblem { logger.warning("managers.change-postponed", metadata: ["reason": "\(error)"]) }
        lastProblem = "\(error)"
      }
      try? await clock.sleep(for: Self.interval)
    }
  }

  private func look(_ trial: inout LearnerTrial) async throws {
    // Nothing to see to: the store has not been told of any, or there is one only.
    let members = store.view.nodes.filter { $0.memberID != 0 }
    let managers = members.filter(\.isLastingManager)
    let overview = log.overview
    let plan = MemberPlan(
      wanted: MemberSet(managers.map { MemberID(rawValue: $0.memberID) }),
      forced: MemberSet(members.filter(\.forced).map { MemberID(rawValue: $0.memberID) }), proven: trial.look(overview), overview: overview)
    switch plan.next {
    case .change(let change):
      logger.notice("managers.changing", metadata: ["change": "\(change.steps)"])
      _ = try await log.change(members: change)
    case .handOver(let heir):
      logger.notice("managers.handing-over", metadata: ["to": "\(heir)"])
      log.handLeadershipOver(to: heir)
    case nil: break
    }
    try await conclude(members.filter { !$0.isLastingManager && !plan.overview.hasMember($0.memberID) })
    for manager in managers where !manager.roles.contains(.worker) { try await note(manager, plan.overview) }
  }

  /// Those that are members of Raft no more are what people made of them: workers, or nothing.
  private func conclude(_ former: [ClusterNode]) async throws {
    for node in former {
      try await store.update { transaction in
        guard var stored = transaction.view.node(node.id), stored.memberID == node.memberID, !stored.isLastingManager else { return }
        if stored.leaving { return try transaction.removeNode(stored) }
        (stored.memberID, stored.forced, stored.apiAddress, stored.raftAddress) = (0, false, "", "")
        try transaction.put(stored)
      }
      logger.notice(node.leaving ? "node.removed" : "node.demoted", metadata: ["node": "\(node.id)"])
    }
  }

  /// A node that is manager only has no worker's session that says whether it is there.
  private func note(_ manager: ClusterNode, _ overview: RaftOverview) async throws {
    let member = MemberID(rawValue: manager.memberID)
    let isAway = member != overview.own && overview.silence[member].map { $0 >= downAfter } ?? false
    guard isAway ? manager.state == .ready : manager.state == .down && overview.isActive(member) else { return }
    try await store.update { transaction in
      guard var stored = transaction.view.node(manager.id) else { return }
      stored.state = isAway ? .down : .ready
      stored.message = isAway ? "this manager has not been heard of for \(downAfter.components.seconds) s" : ""
      if stored != transaction.view.node(manager.id) { try transaction.put(stored) }
    }
    logger.log(level: isAway ? .warning : .notice, isAway ? "node.down" : "node.up", metadata: ["node": "\(manager.id)"])
  }
}

extension ClusterNode {
  /// A manager that is to stay one.
  package var isLastingManager: Bool { roles.contains(.manager) && !leaving }
}

extension RaftOverview {
  func hasMember(_ number: UInt64) -> Bool {
    let member = MemberID(rawValue: number)
    // Both sides of a change that is under way.
    return isChangingMembers || configuration.voters.contains(member) || configuration.learners.contains(member)
  }
}
