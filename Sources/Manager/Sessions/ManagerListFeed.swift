package import ClusterModel
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Tells sessions which managers there are, whenever that changes. Follows the store once for all of them.
package final class ManagerListFeed: Service {
  private struct State {
    var list: [ManagerAddress]
    var readers: [UInt64: AsyncStream<[ManagerAddress]>.Continuation] = [:]
    var lastReader: UInt64 = 0
  }

  private let store: ClusterStore
  private let state: NIOLockedValueBox<State>

  package init(store: ClusterStore) {
    self.store = store
    state = NIOLockedValueBox(State(list: store.view.managerAddresses))
  }

  /// The list as it is, then as it becomes; only the latest matters. Ends with the reader.
  func lists() -> AsyncStream<[ManagerAddress]> {
    let (stream, continuation) = AsyncStream<[ManagerAddress]>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let reader = state.withLockedValue { state in
      state.lastReader += 1
      state.readers[state.lastReader] = continuation
      continuation.yield(state.list)
      return state.lastReader
    }
    continuation.onTermination = { [weak self] _ in
      _ = self?.state.withLockedValue { $0.readers.removeValue(forKey: reader) }
    }
    return stream
  }

  /// Follows the store until it closes or the task is cancelled.
  package func run() async throws {
    await cancelWhenGracefulShutdown { await self.store.follow(\.concernsNodes) { self.tell($0.managerAddresses) } }
  }

  private func tell(_ list: [ManagerAddress]) {
    state.withLockedValue { state in
      if state.list == list { return }
      state.list = list
      for reader in state.readers.values { reader.yield(list) }
    }
  }
}

extension StoreView {
  /// Those that a worker can dial; one that is known to be down is dialled last.
  package var managerAddresses: [ManagerAddress] {
    nodes.filter { $0.isLastingManager && !$0.apiAddress.isEmpty }.sorted { $0.id < $1.id }.map {
      ManagerAddress(node: $0.id, address: $0.apiAddress, weight: $0.state == .down ? 0 : 1)
    }
  }
}
