import ClusterModel
import Manager
import Raft
import ServiceLifecycle

/// Sees when a manager is perhaps none any more: the store says so, or no manager speaks to it.
struct RecordWatch: Service {
  let node: NodeID
  let store: ClusterStore
  let log: RaftMember
  let doubts: Doubts

  /// Only looks into its own memory: that a leader has been missing for some time is no event that could be waited for.
  private static let interval = Duration.milliseconds(500)
  /// Without a leader for so long: an election is over much sooner.
  private static let silence = Duration.seconds(3)
  /// Between questions while there is none, which others may have no answer to either.
  private static let patience = Duration.seconds(30)

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var silentSince: ContinuousClock.Instant?
      var askedAt: ContinuousClock.Instant?
      while true {
        try await Task.sleep(for: Self.interval)
        let (now, overview) = (ContinuousClock.now, log.overview)
        if let own = store.view.node(node), !own.isLastingManager { doubts.raise() }
        guard overview.leader == .none else {
          silentSince = nil
          continue
        }
        let since = silentSince ?? now
        silentSince = since
        if now - since >= Self.silence, askedAt.map({ now - $0 >= Self.patience }) ?? true {
          askedAt = now
          doubts.raise()
        }
      }
    }
  }
}
