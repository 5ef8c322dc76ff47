package import ClusterModel
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// What only the leader does: it tells workers what to run, decides what runs where, and sees to the managers. Begun anew with each
/// leadership, so that nothing of an earlier one is left.
package final class LeaderDuties: Service {
  private let store: ClusterStore
  private let log: RaftMember
  private let downAfter: Duration
  private let now: @Sendable () -> Timestamp
  private let logger: Logger
  private let current = NIOLockedValueBox<Dispatcher?>(nil)

  /// - Parameter downAfter: how long a node may be silent before it counts as down.
  package init(
    store: ClusterStore, log: RaftMember, downAfter: Duration = .seconds(10), now: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    self.store = store
    self.log = log
    self.downAfter = downAfter
    self.now = now
    self.logger = logger
  }

  /// Nil while this manager does not lead.
  package var activeDispatcher: Dispatcher? { current.withLockedValue { $0 } }

  /// Returns once a leadership that has begun is taken up here.
  /// - Throws: `unavailable` when that takes long, or is over.
  func begun() async throws {
    let deadline = ContinuousClock.now + .seconds(2)
    // Looked at instead of waited for: it is a matter of a few milliseconds, once in a term.
    while activeDispatcher == nil, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
    _ = try dispatcher()
  }

  /// - Throws: `unavailable` while this manager does not lead.
  package func dispatcher() throws(WarrenError) -> Dispatcher {
    if let dispatcher = activeDispatcher { return dispatcher }
    throw WarrenError(.unavailable, "this manager does not lead now; workers' sessions are with the one that does; try again")
  }

  /// Until cancelled or shut down.
  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var duties: Task<Void, Never>?
      for await leadership in self.log.leadershipChanges() {
        // One after the other: what an earlier term began must be over.
        duties?.cancel()
        await duties?.value
        duties = leadership.isLeader ? Task { await self.serve(leadership) } : nil
      }
      duties?.cancel()
      await duties?.value
      // A log that failed says why by itself; whoever returned before it did would be taken for the reason.
      try? await gracefulShutdown()
    }
  }

  private func serve(_ leadership: Leadership) async {
    logger.notice("leadership.begun", metadata: ["term": "\(leadership.term)"])
    let dispatcher = Dispatcher(store: store, downAfter: downAfter, logger: logger)
    let loops = ControlLoops(store: store, now: now, logger: logger)
    let members = MemberLoop(store: store, log: log, downAfter: downAfter, clock: .continuous, logger: logger)
    current.withLockedValue { $0 = dispatcher }
    await withDiscardingTaskGroup { group in
      group.addTask { try? await dispatcher.run() }
      group.addTask { try? await loops.run() }
      group.addTask { await members.run() }
    }
    current.withLockedValue { if $0 === dispatcher { $0 = nil } }
    logger.notice("leadership.ended", metadata: ["term": "\(leadership.term)"])
  }
}
