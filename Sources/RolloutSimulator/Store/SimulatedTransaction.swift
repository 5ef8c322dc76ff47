import ClusterModel
import Orchestration

/// Changes being decided on, as the managers' store takes them: whoever has an older copy of an object is refused.
struct SimulatedTransaction: ReconcilerTransaction {
  enum Key: Hashable {
    case service(ServiceID)
    case task(TaskID)
    case node(NodeID)
  }

  private(set) var view: SimulatedStore
  /// In the order of first touch.
  private(set) var touched: [Key] = []

  init(base: SimulatedStore) { view = base }

  var nodes: [ClusterNode] { view.nodes }
  var tasks: [ClusterTask] { view.tasks }
  func service(_ id: ServiceID) -> ClusterService? { view.service(id) }
  func tasks(ofService id: ServiceID) -> [ClusterTask] { view.tasks(ofService: id) }
  /// No service starts after others here.
  func mayStart(_ service: ClusterService) -> Bool { true }

  mutating func put(_ service: ClusterService) throws { try put(service, \.services, .service(service.id)) }
  mutating func put(_ task: ClusterTask) throws { try put(task, \.tasks, .task(task.id)) }
  mutating func put(_ node: ClusterNode) throws { try put(node, \.nodes, .node(node.id)) }
  mutating func remove(_ service: ClusterService) throws { try remove(service, \.services, .service(service.id)) }
  mutating func remove(_ task: ClusterTask) throws { try remove(task, \.tasks, .task(task.id)) }
  mutating func remove(_ node: ClusterNode) throws { try remove(node, \.nodes, .node(node.id)) }
  /// Nothing else commits while one transaction is decided on.
  func check(_ service: ClusterService) throws { try check(service, current: view.service(service.id)) }

  private mutating func put<Object: SimulatedObject>(
    _ object: Object, _ table: WritableKeyPath<SimulatedStore, [Object]>, _ key: Key
  ) throws {
    let position = view[keyPath: table].firstIndex { $0.id == object.id }
    if let position {
      try check(object, current: view[keyPath: table][position])
      view[keyPath: table][position] = object
    } else {
      guard object.meta.version == 0 else { throw WarrenError(.conflict, "\(object.id) is gone") }
      view[keyPath: table].append(object)
    }
    touch(key)
  }

  private mutating func remove<Object: SimulatedObject>(
    _ object: Object, _ table: WritableKeyPath<SimulatedStore, [Object]>, _ key: Key
  ) throws {
    guard let position = view[keyPath: table].firstIndex(where: { $0.id == object.id }) else { throw WarrenError(.conflict, "\(object.id) is gone") }
    try check(object, current: view[keyPath: table][position])
    view[keyPath: table].remove(at: position)
    touch(key)
  }

  private func check<Object: SimulatedObject>(_ object: Object, current: Object?) throws {
    guard current?.meta.version == object.meta.version else { throw WarrenError(.conflict, "\(object.id) was changed by someone else") }
  }

  private mutating func touch(_ key: Key) { if !touched.contains(key) { touched.append(key) } }
}
