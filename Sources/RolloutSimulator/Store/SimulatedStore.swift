import ClusterModel

/// Services, tasks and nodes, with versions and times as the managers' store sets them.
struct SimulatedStore {
  private(set) var index: UInt64 = 0
  var services: [ClusterService] = []
  /// In the order in which they were made.
  var tasks: [ClusterTask] = []
  var nodes: [ClusterNode] = []

  func service(_ id: ServiceID) -> ClusterService? { services.first { $0.id == id } }
  func task(_ id: TaskID) -> ClusterTask? { tasks.first { $0.id == id } }
  func node(_ id: NodeID) -> ClusterNode? { nodes.first { $0.id == id } }
  func tasks(ofService id: ServiceID) -> [ClusterTask] { tasks.filter { $0.serviceID == id } }
  func tasks(onNode id: NodeID) -> [ClusterTask] { tasks.filter { $0.nodeID == id } }

  /// Stores what a transaction decided, and says what changed.
  mutating func commit(_ transaction: SimulatedTransaction, at now: Timestamp) -> [SimulatedChange] {
    if transaction.touched.isEmpty { return [] }
    index += 1
    var changes: [SimulatedChange] = []
    for key in transaction.touched {
      switch key {
      case .service(let id):
        let change = Self.store(transaction.view.service(id), in: &services, id, index, now)
        if let change { changes.append(.service(old: change.old, new: change.new)) }
      case .task(let id):
        let change = Self.store(transaction.view.task(id), in: &tasks, id, index, now)
        if let change { changes.append(.task(old: change.old, new: change.new)) }
      case .node(let id):
        let change = Self.store(transaction.view.node(id), in: &nodes, id, index, now)
        if let change { changes.append(.node(old: change.old, new: change.new)) }
      }
    }
    return changes
  }

  private static func store<Object: SimulatedObject>(
    _ object: Object?, in table: inout [Object], _ id: Identifier<Object>, _ index: UInt64, _ now: Timestamp
  ) -> (old: Object?, new: Object?)? {
    let position = table.firstIndex { $0.id == id }
    let old = position.map { table[$0] }
    if object == old { return nil }
    guard var new = object else {
      if let position { table.remove(at: position) }
      return (old, nil)
    }
    new.meta = Meta(version: index, createdAt: old?.meta.createdAt ?? now, updatedAt: now)
    if let position { table[position] = new } else { table.append(new) }
    return (old, new)
  }
}

/// One object added (`old` nil), changed, or removed (`new` nil).
enum SimulatedChange {
  case service(old: ClusterService?, new: ClusterService?)
  case task(old: ClusterTask?, new: ClusterTask?)
  case node(old: ClusterNode?, new: ClusterNode?)
}

protocol SimulatedObject: Equatable, Identifiable where ID == Identifier<Self> {
  var meta: Meta { get set }
}

extension ClusterService: SimulatedObject {}
extension ClusterTask: SimulatedObject {}
extension ClusterNode: SimulatedObject {}
