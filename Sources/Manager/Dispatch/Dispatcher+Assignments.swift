import ClusterModel
import Logging

extension Dispatcher {
  /// Tells workers what the store says about their tasks, until the store closes or the task is cancelled.
  func followStore() async {
    while !Task.isCancelled {
      let (view, changes) = store.watch { $0.changes.contains { $0.kind == .task || $0.kind == .node } }
      for node in sessions.keys where (sessions[node]?.toldUntil ?? 0) < view.index { sessions[node]?.sendAll(view, of: node) }
      expectAll(consume view)
      do {
        while true {
          let events = try await changes.nextBatch()
          if events.isEmpty { return }
          tell(events)
        }
      } catch {
        // This reader fell behind, or the state was replaced: each worker gets its complete set again.
        logger.warning("dispatch.restarted", metadata: ["reason": "\(error)"])
      }
    }
  }

  private func tell(_ events: [StoreEvent]) {
    var changes: [NodeID: NodeChanges] = [:]
    for event in events {
      for change in event.changes {
        switch change {
        case .task(let old, let new):
          if isNews(event, to: new?.nodeID ?? old?.nodeID) { NodeChanges.note(old: old, new: new, in: &changes) }
        case .node(let old?, nil):
          if isNews(event, to: old.id) { endSession(ofRemoved: old.id) }
        case .node(let old?, let new?) where old.state != .down && new.state == .down:
          // That was decided while its worker was away, and stored after it had returned. With another session it is ready again.
          if isNews(event, to: new.id) {
            sessions[new.id]?.end(WarrenError(.unavailable, "Node \(new.id) was marked down just as it returned. Open another session."))
          }
        case .node(let old?, let new?) where old.roles.contains(.manager) != new.roles.contains(.manager):
          // It opens another, and learns that its certificate is of the former role.
          if isNews(event, to: new.id) {
            sessions[new.id]?.isRestarting = true
            sessions[new.id]?.end(
              WarrenError(.unavailable, "Node \(new.id) has another role now. Renew its certificate, and open a session with that."))
          }
        default: break
        }
      }
    }
    guard let last = events.last?.index else { return }
    for (node, changes) in changes { sessions[node]?.send(changes, until: last) }
  }

  /// A session that began with a later view has this event in it already.
  private func isNews(_ event: StoreEvent, to node: NodeID?) -> Bool {
    guard let node, let session = sessions[node] else { return false }
    return event.index > session.toldUntil
  }

  private func endSession(ofRemoved node: NodeID) {
    absences[node] = nil
    sessions.removeValue(forKey: node)?.end(
      WarrenError(.failedPrecondition, "Node \(node) was removed from the cluster. To use it again, join it again."))
  }
}
