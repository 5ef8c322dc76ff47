import ClusterModel

extension StoreView {
  /// - Parameter text: an id, or a name in any case.
  func findService(_ text: String) throws(WarrenError) -> ClusterService {
    if text.isEmpty { throw WarrenError(.invalidArgument, "no service is named; the name is empty; give a service's name or id") }
    if let service = service(ServiceID(text)) ?? service(named: text) { return service }
    throw WarrenError(.notFound, "service \(text.quoted) does not exist; no service has this name or id; see: warren service list")
  }

  /// - Parameter text: an id, or the beginning of one that no other task's id has.
  func findTask(_ text: String) throws(WarrenError) -> ClusterTask {
    if text.isEmpty { throw WarrenError(.invalidArgument, "no task is named; the id is empty; give a task's id") }
    if let task = task(TaskID(text)) { return task }
    let matches = tasks.filter { $0.id.rawValue.hasPrefix(text) }.sorted { $0.id < $1.id }
    if matches.count > 1 {
      let names = matches.prefix(3).map(\.id.rawValue).joined(separator: ", ") + (matches.count > 3 ? ", …" : "")
      throw WarrenError(.invalidArgument, "task \(text.quoted) is ambiguous; \(matches.count) tasks begin so (\(names)); give more of the id")
    }
    guard let task = matches.first else {
      throw WarrenError(.notFound, "task \(text.quoted) does not exist; no task's id begins so; see: warren task list")
    }
    return task
  }

  func findNode(_ text: String) throws(WarrenError) -> ClusterNode {
    if text.isEmpty { throw WarrenError(.invalidArgument, "no node is named; the id is empty; give a node's id") }
    if let node = node(NodeID(text)) { return node }
    throw WarrenError(.notFound, "node \(text.quoted) does not exist; no node has this id; see: warren node list")
  }

  func tally(of service: ClusterService) -> (running: Int, desired: Int) {
    let wanted = tasks(ofService: service.id).filter { $0.desiredState == .running }
    let desired: Int =
      switch service.spec.mode {
      case _ where service.deleting: 0
      case .replicated(let replicas): replicas
      case .global: Set(wanted.map(\.nodeID)).count
      }
    // A slot counts once: on a node that drains, the former task may run beside the one that takes its place.
    let running = wanted.filter(\.status.isServing)
    return (Set(running.map { Place(slot: $0.slot, node: $0.slot == 0 ? $0.nodeID : nil) }).count, desired)
  }

  /// How many of its slots have come to the revision of the last rollout, or of the service when there was none.
  func updated(of service: ClusterService) -> Int {
    let wanted = tasks(ofService: service.id).filter { $0.desiredState == .running && $0.revision == service.revision }
    return wanted.count { service.rollout == nil || $0.provenAt != nil }
  }
}

private struct Place: Hashable {
  var slot: Int
  /// Of a global service's task.
  var node: NodeID?
}
