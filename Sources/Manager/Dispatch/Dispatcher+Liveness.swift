import ClusterModel
import HashTreeCollections
import Logging

extension Dispatcher {
  /// A worker that lost all managers tries them again after 8 s at the latest, so that a new leader must not expect it earlier.
  static let freshGrace = Duration.seconds(10)
  /// After a recovery or restoration people may have to tell workers where the manager is now.
  private static let refoundedGrace = Duration.seconds(600)

  /// What is left of that: the number of a new group of managers is the time in seconds when it was founded.
  static func refoundedGrace(of view: StoreView, now: Timestamp) -> Duration {
    guard let founder = view.cluster?.founder, founder > 0 else { return .zero }
    let age = now - Timestamp(seconds: Int64(clamping: founder))
    return age < .zero ? .zero : max(.zero, refoundedGrace - age)
  }

  /// Marks the node down unless its worker returns in time.
  func waitForReturn(of node: NodeID, absence: UInt64, within grace: Duration) async {
    var wait = grace
    while absences[node] == absence {
      do { try await clock.sleep(for: wait) } catch { return }
      guard absences[node] == absence else { return }
      do {
        try await markDown(node)
        if absences[node] == absence { absences[node] = nil }
      } catch {
        logger.warning("node.down.not-stored", metadata: ["node": "\(node)", "reason": "\(error)"])
        wait = .seconds(1)
      }
    }
  }

  private func markDown(_ node: NodeID) async throws {
    let grace = downAfter
    let isAway = { self.sessions[node] == nil }
    try await store.update { transaction in
      guard isAway(), let stored = transaction.view.node(node), stored.state == .ready else { return }
      try transaction.put(NodeRegistration.wentAway(stored, silentFor: grace))
    }
    logger.warning("node.down", metadata: ["node": "\(node)"])
  }

  /// After a start (and after a change of leader) every worker gets a fresh grace. A node that is a manager only has no session to miss.
  func expectAll(_ view: StoreView) {
    let fresh = max(downAfter, Self.freshGrace, Self.refoundedGrace(of: view, now: store.now()))
    for node in view.nodes where node.state == .ready && node.roles.contains(.worker) {
      if sessions[node.id] == nil, absences[node.id] == nil { noteAbsence(of: node.id, grace: fresh) }
    }
  }
}
