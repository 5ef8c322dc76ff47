import ClusterModel
import HashTreeCollections

/// How many objects there are, kept current change by change: counting anew costs too much in a large cluster.
struct StoreCensus: Sendable, Equatable {
  private(set) var services = 0
  private(set) var tasks: [TaskState: Int] = [:]
  /// Running tasks whose checks say that they are not ready.
  private(set) var unready = 0
  private(set) var nodes: [ClusterNode.State: Int] = [:]

  init(_ view: StoreView) {
    services = view.services.count
    for task in view.tasks {
      tasks[task.status.state, default: 0] += 1
      unready += Self.unready(task)
    }
    for node in view.nodes { nodes[node.state, default: 0] += 1 }
  }

  mutating func note(_ change: StoreChange) {
    switch change {
    case .service(let old, let new): services += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
    case .task(let old, let new):
      Self.move(&tasks, from: old?.status.state, to: new?.status.state)
      unready += Self.unready(new) - Self.unready(old)
    case .node(let old, let new): Self.move(&nodes, from: old?.state, to: new?.state)
    case .cluster, .token, .secret, .volume, .request: break
    }
  }

  private static func unready(_ task: ClusterTask?) -> Int { task.map { $0.status.state == .running && !$0.status.isUp ? 1 : 0 } ?? 0 }

  /// A state that no object has any more has no entry.
  private static func move<State>(_ counts: inout [State: Int], from old: State?, to new: State?) {
    if old == new { return }
    if let new { counts[new, default: 0] += 1 }
    if let old, let count = counts[old] { counts[old] = count > 1 ? count - 1 : nil }
  }
}
