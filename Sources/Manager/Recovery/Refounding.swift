package import ClusterModel
import HashTreeCollections
import Raft

/// What becomes of a cluster's state when the cluster goes on under one manager without the others, from what that one has or from a backup.
/// Pure.
///
/// The cluster stays what it is: its authority, tokens, services, secrets and workers. Its managers are a new group, with member numbers that
/// are higher than any before: so whatever the old ones remember, sign or vote counts no more with anybody who has heard of the new group.
package struct Refounding: Sendable, Equatable {
  /// The manager that the new group begins with.
  package var manager: NodeID
  /// Whether it runs containers: its tasks are forgotten otherwise.
  package var runsContainers: Bool
  package var now: Timestamp
  /// When the backup was made; nil when it is the manager's own state.
  package var backup: Timestamp?

  /// Entries that may have been written after those in the state. Versions of objects are numbers of entries: none is to mean two things.
  private static let gap: LogIndex = 1_000_000

  package init(manager: NodeID, runsContainers: Bool, now: Timestamp, backup: Timestamp? = nil) {
    self.manager = manager
    self.runsContainers = runsContainers
    self.now = now
    self.backup = backup
  }

  /// The number of the new group's first member: the time in seconds, since nobody knows which numbers were given after the state that is left
  /// was written; more than any known one, should the clock be wrong.
  package func founder(of view: StoreView) -> UInt64 {
    let known = view.nodes.map(\.memberID).max() ?? 0
    let least = max(known, view.cluster?.lastMemberID ?? 0, view.cluster?.founder ?? 0) + 1000
    return max(least, UInt64(clamping: now.nanosecondsSinceEpoch / 1_000_000_000))
  }

  /// The managers that it goes on without.
  package func givenUp(in view: StoreView) -> [ClusterNode] {
    view.nodes.filter { $0.id != manager && ($0.roles.contains(.manager) || $0.memberID != 0) }.sorted { $0.id < $1.id }
  }

  /// - Throws: `dataLoss` when the state is not that of a cluster.
  package func callAsFunction(_ before: StoreView) throws(WarrenError) -> StoreView {
    guard var cluster = before.cluster else {
      throw WarrenError(.dataLoss, "there is no cluster in the state; take a newer backup, or make a cluster with: warren cluster init")
    }
    let number = founder(of: before)
    let others = givenUp(in: before)
    var view = before
    view.index += Self.gap
    cluster.formerManagers += others.filter { $0.memberID != 0 }.map {
      Cluster.FormerManager(node: $0.id, memberID: $0.memberID, raftAddress: $0.raftAddress)
    }
    if var own = before.node(manager) {
      if backup != nil {
        // Another machine may come back under this name: it is not the one that goes on.
        if own.memberID != 0 {
          cluster.formerManagers.append(Cluster.FormerManager(node: own.id, memberID: own.memberID, raftAddress: own.raftAddress))
        }
        own.keys = []
      }
      own.roles = runsContainers ? [.manager, .worker] : [.manager]
      own.memberID = number
      // Whatever was to become of it, there is no other now.
      (own.leaving, own.forced) = (false, false)
      own.meta.version = view.index
      view.set(own)
    }
    for node in others { view.remove(node) }
    (cluster.founder, cluster.lastMemberID) = (number, number)
    if let backup { cluster.restoration = Cluster.Restoration(from: backup, at: now) }
    cluster.meta.version = view.index
    view.set(cluster)
    // Nobody is left who could say that they have stopped.
    for task in view.tasks {
      guard let node = task.nodeID, view.node(node) == nil || node == manager && !runsContainers else { continue }
      view.remove(task)
    }
    return view
  }
}
