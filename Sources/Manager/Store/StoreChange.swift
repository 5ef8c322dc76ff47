package import ClusterModel
package import Raft

/// One object added (`old` nil), changed, or removed (`new` nil).
///
/// Apart from the array that it is in, where each would take as much room as two of the largest objects.
package indirect enum StoreChange: Sendable, Equatable {
  case cluster(old: Cluster?, new: Cluster?)
  case node(old: ClusterNode?, new: ClusterNode?)
  case service(old: ClusterService?, new: ClusterService?)
  case task(old: ClusterTask?, new: ClusterTask?)
  case token(old: JoinToken?, new: JoinToken?)
  case secret(old: ClusterSecret?, new: ClusterSecret?)
  case volume(old: ClusterVolume?, new: ClusterVolume?)
  case request(old: RequestRecord?, new: RequestRecord?)

  package var kind: StoreObjectKind {
    switch self {
    case .cluster: .cluster
    case .node: .node
    case .service: .service
    case .task: .task
    case .token: .token
    case .secret: .secret
    case .volume: .volume
    case .request: .request
    }
  }
}

/// What one log entry changed.
package struct StoreEvent: Sendable, Equatable {
  package var index: LogIndex
  /// When the change was decided on.
  package var at: Timestamp
  package var changes: [StoreChange]

  package init(index: LogIndex, at: Timestamp, changes: [StoreChange]) {
    self.index = index
    self.at = at
    self.changes = changes
  }
}
