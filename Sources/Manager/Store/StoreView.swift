package import ClusterModel
package import HashTreeCollections
package import Raft

/// All of the cluster's state as it was after one log entry: a value that is cheap to copy and never changes under its reader.
package struct StoreView: Sendable, Equatable {
  /// The last log entry that is in here.
  package internal(set) var index: LogIndex = 0

  package internal(set) var clusterTable = StoreTable<Cluster>()
  package internal(set) var nodeTable = StoreTable<ClusterNode>()
  package internal(set) var serviceTable = StoreTable<ClusterService>()
  package internal(set) var taskTable = StoreTable<ClusterTask>()
  package internal(set) var tokenTable = StoreTable<JoinToken>()
  package internal(set) var secretTable = StoreTable<ClusterSecret>()
  package internal(set) var volumeTable = StoreTable<ClusterVolume>()
  package internal(set) var requestTable = StoreTable<RequestRecord>()

  var tasksByService = StoreIndex<ServiceID, TaskID>()
  var tasksByNode = StoreIndex<NodeID, TaskID>()
  var requestAges = StoreAges<Identifier<RequestRecord>>()
  /// Fields of the snapshot that a newer version wrote and this one does not know; they go into the next snapshot.
  var unknown = UnknownFields()

  package init() {}
}

/// Reading. Collections of objects are in no particular order.
extension StoreView {
  /// Nil before `warren cluster init` has stored it.
  package var cluster: Cluster? { clusterTable.objects.values.first }

  package func node(_ id: NodeID) -> ClusterNode? { nodeTable[id] }
  package var nodes: TreeDictionary<NodeID, ClusterNode>.Values { nodeTable.objects.values }

  package func service(_ id: ServiceID) -> ClusterService? { serviceTable[id] }
  /// Without regard to case.
  package func service(named name: String) -> ClusterService? { serviceTable.named(name) }
  package var services: TreeDictionary<ServiceID, ClusterService>.Values { serviceTable.objects.values }

  package func task(_ id: TaskID) -> ClusterTask? { taskTable[id] }
  package var tasks: TreeDictionary<TaskID, ClusterTask>.Values { taskTable.objects.values }
  package func tasks(ofService id: ServiceID) -> [ClusterTask] { tasksByService[id].compactMap { taskTable[$0] } }
  /// Every task placed on the node, whatever its state.
  package func tasks(onNode id: NodeID) -> [ClusterTask] { tasksByNode[id].compactMap { taskTable[$0] } }

  package func token(_ id: Identifier<JoinToken>) -> JoinToken? { tokenTable[id] }
  package var tokens: TreeDictionary<Identifier<JoinToken>, JoinToken>.Values { tokenTable.objects.values }

  package func secret(_ id: Identifier<ClusterSecret>) -> ClusterSecret? { secretTable[id] }
  package func secret(named name: String) -> ClusterSecret? { secretTable.named(name) }
  package var secrets: TreeDictionary<Identifier<ClusterSecret>, ClusterSecret>.Values { secretTable.objects.values }

  package func volume(_ id: Identifier<ClusterVolume>) -> ClusterVolume? { volumeTable[id] }
  package func volume(named name: String) -> ClusterVolume? { volumeTable.named(name) }
  package var volumes: TreeDictionary<Identifier<ClusterVolume>, ClusterVolume>.Values { volumeTable.objects.values }

  /// The outcome of an earlier request with this id, if it is young or among the newest: see `requestLimit`.
  package func request(_ id: Identifier<RequestRecord>) -> RequestRecord? { requestTable[id] }
}

extension StoreView {
  mutating func set<Object: StoreObject>(_ object: Object) {
    let old = self[keyPath: Object.table][object.id]
    self[keyPath: Object.table].set(object)
    Object.reindex(&self, old: old, new: object)
  }

  mutating func remove<Object: StoreObject>(_ object: Object) {
    self[keyPath: Object.table].remove(object.id)
    Object.reindex(&self, old: object, new: nil)
  }
}
