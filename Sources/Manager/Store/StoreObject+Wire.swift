import ClusterModel
import Raft
import WarrenAPI

extension StoreObject {
  /// The object as a command carries it: without what the store decides at apply.
  var wireChange: Warren_V1_StoreChange.OneOf_Change {
    var bare = self
    bare.meta = Meta()
    return Self.wireChange(bare)
  }
}

extension Warren_V1_StoreChange.OneOf_Change {
  /// The object to be put.
  /// - Throws: `.dataLoss` when it has values that only a newer version knows.
  func object(_ index: LogIndex) throws -> any StoreObject {
    do {
      switch self {
      case .cluster(let wire): return try Cluster(wire: wire)
      case .node(let wire): return try ClusterNode(wire: wire)
      case .service(let wire): return try ClusterService(wire: wire)
      case .task(let wire): return try ClusterTask(wire: wire)
      case .token(let wire): return try JoinToken(wire: wire)
      case .secret(let wire): return try ClusterSecret(wire: wire)
      case .volume(let wire): return try ClusterVolume(wire: wire)
      case .request(let wire): return try RequestRecord(wire: wire)
      case .remove, .check: throw WarrenError(.internalError, "Not an object.")
      }
    } catch { throw StoreCommand.tooNew(index, "holds a value unknown here (\(error))") }
  }
}
