package import ClusterModel
package import HashTreeCollections
import Orchestration

extension StoreTransaction: ReconcilerTransaction {
  package var nodes: TreeDictionary<NodeID, ClusterNode>.Values { view.nodes }
  package var tasks: TreeDictionary<TaskID, ClusterTask>.Values { view.tasks }
  package func service(_ id: ServiceID) -> ClusterService? { view.service(id) }
  package func tasks(ofService id: ServiceID) -> [ClusterTask] { view.tasks(ofService: id) }
  package func mayStart(_ service: ClusterService) -> Bool { view.blockers(of: service).isEmpty }
}

extension TransactionBudget {
  /// Two thirds of the largest command: the estimate of a task's size is a little rough.
  init() { self.init(bytes: maximumCommandSize * 2 / 3) }
}

extension Agenda {
  mutating func note(_ change: StoreChange) {
    switch change {
    case .service(let old, let new): note(service: old, new)
    case .task(let old, let new): note(task: old, new)
    case .node(let old, let new): note(node: old, new)
    default: break
    }
  }
}
