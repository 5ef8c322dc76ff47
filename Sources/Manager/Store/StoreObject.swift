package import ClusterModel
package import WarrenAPI

/// What the store keeps: one table per kind. The raw values are those of `warren.v1.ObjectKind`.
package enum StoreObjectKind: UInt8, Sendable, Hashable, CaseIterable {
  case cluster = 1, node, service, task, token, secret, volume, request

  package var objectType: any StoreObject.Type {
    switch self {
    case .cluster: Cluster.self
    case .node: ClusterNode.self
    case .service: ClusterService.self
    case .task: ClusterTask.self
    case .token: JoinToken.self
    case .secret: ClusterSecret.self
    case .volume: ClusterVolume.self
    case .request: RequestRecord.self
    }
  }
}

/// An object that has a table in the store.
package protocol StoreObject: Hashable, Sendable, Identifiable where ID == Identifier<Self> {
  static var kind: StoreObjectKind { get }
  static var table: WritableKeyPath<StoreView, StoreTable<Self>> { get }

  static func change(old: Self?, new: Self?) -> StoreChange

  static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change

  var meta: Meta { get set }
  /// No two objects of the kind may have the same one; nil when the kind has no such name.
  var uniqueName: String? { get }

  /// Keeps the kind's further indexes true after one object was added (`old` nil), changed or removed (`new` nil).
  static func reindex(_ view: inout StoreView, old: Self?, new: Self?)
}

extension StoreObject {
  package var uniqueName: String? { nil }
  package static func reindex(_ view: inout StoreView, old: Self?, new: Self?) {}
  package var key: StoreObjectKey { StoreObjectKey(kind: Self.kind, id: id.rawValue) }
}

/// Names one object of any kind.
package struct StoreObjectKey: Hashable, Sendable, CustomStringConvertible {
  package var kind: StoreObjectKind
  package var id: String

  package init(kind: StoreObjectKind, id: String) {
    self.kind = kind
    self.id = id
  }

  package var description: String { "\(kind) \(id)" }
}

extension Cluster: StoreObject {
  package static let kind = StoreObjectKind.cluster
  package static var table: WritableKeyPath<StoreView, StoreTable<Self>> { \.clusterTable }
  package static func change(old: Self?, new: Self?) -> StoreChange { .cluster(old: old, new: new) }
  package static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change { .cluster(object.wire) }
  /// A store has one cluster object: all compete for this name.
  package var uniqueName: String? { "cluster" }
}

extension ClusterNode: StoreObject {
  package static let kind = StoreObjectKind.node
  package static var table: WritableKeyPath<StoreView, StoreTable<Self>> { \.nodeTable }
  package static func change(old: Self?, new: Self?) -> StoreChange { .node(old: old, new: new) }
  package static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change { .node(object.wire) }
}

extension ClusterService: StoreObject {
  package static let kind = StoreObjectKind.service
  package static var table: WritableKeyPath<StoreView, StoreTable<Self>> { \.serviceTable }
  package static func change(old: Self?, new: Self?) -> StoreChange { .service(old: old, new: new) }
  package static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change { .service(object.wire) }
  package var uniqueName: String? { spec.name.lowercased() }
}

extension ClusterTask: StoreObject {
  package static let kind = StoreObjectKind.task
  package static var table: WritableKeyPath<StoreView, StoreTable<Self>> { \.taskTable }
  package static func change(old: Self?, new: Self?) -> StoreChange { .task(old: old, new: new) }
  package static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change { .task(object.wire) }

  package static func reindex(_ view: inout StoreView, old: Self?, new: Self?) {
    view.tasksByService.move(old?.id, from: old?.serviceID, to: new?.serviceID, as: new?.id)
    view.tasksByNode.move(old?.id, from: old?.nodeID, to: new?.nodeID, as: new?.id)
  }
}

extension JoinToken: StoreObject {
  package static let kind = StoreObjectKind.token
  package static var table: WritableKeyPath<StoreView, StoreTable<Self>> { \.tokenTable }
  package static func change(old: Self?, new: Self?) -> StoreChange { .token(old: old, new: new) }
  package static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change { .token(object.wire) }
}

extension ClusterSecret: StoreObject {
  package static let kind = StoreObjectKind.secret
  package static var table: WritableKeyPath<StoreView, StoreTable<Self>> { \.secretTable }
  package static func change(old: Self?, new: Self?) -> StoreChange { .secret(old: old, new: new) }
  package static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change { .secret(object.wire) }
  package var uniqueName: String? { name.lowercased() }
}

extension ClusterVolume: StoreObject {
  package static let kind = StoreObjectKind.volume
  package static var table: WritableKeyPath<StoreView, StoreTable<Self>> { \.volumeTable }
  package static func change(old: Self?, new: Self?) -> StoreChange { .volume(old: old, new: new) }
  package static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change { .volume(object.wire) }
  package var uniqueName: String? { name.lowercased() }
}

extension RequestRecord: StoreObject {
  package static let kind = StoreObjectKind.request
  package static var table: WritableKeyPath<StoreView, StoreTable<Self>> { \.requestTable }
  package static func change(old: Self?, new: Self?) -> StoreChange { .request(old: old, new: new) }
  package static func wireChange(_ object: Self) -> Warren_V1_StoreChange.OneOf_Change { .request(object.wire) }

  package static func reindex(_ view: inout StoreView, old: Self?, new: Self?) {
    view.requestAges.move(old?.id, to: new?.id)
  }
}
