import ClusterModel
import NIOConcurrencyHelpers
package import Raft

/// The cluster's state outside a running manager.
package enum StoredState {
  /// What a log holds that nobody has open: its snapshot, and all entries after it, be they known to be committed or not.
  /// - Throws: `.dataLoss` when they cannot be understood.
  package static func view(snapshot: (index: LogIndex, data: [UInt8])?, entries: [Entry]) throws -> StoreView {
    let store = ClusterStore(now: { .epoch })
    let machine = SessionStateMachine(store)
    if let snapshot { try machine.restore(snapshot.data, index: snapshot.index) }
    _ = try machine.apply(entries)
    return store.view
  }

  /// What a log begins with whose state is to be `view`.
  package static func snapshot(of view: StoreView) throws -> [UInt8] {
    let store = ClusterStore(now: { .epoch })
    store.state.withLockedValue { $0.view = view }
    return try SessionStateMachine(store).snapshot()()
  }
}
