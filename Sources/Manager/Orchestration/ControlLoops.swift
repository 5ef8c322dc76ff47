package import ClusterModel
package import Logging
import Metrics
import Orchestration
import ServiceLifecycle

/// The orchestrator and the scheduler at work: they wake when the store changes, and by a timer only where a back-off ends.
package actor ControlLoops: Service {
  private let store: ClusterStore
  private let clock: any Clock<Duration>
  private let now: @Sendable () -> Timestamp
  private let newID: @Sendable () -> TaskID
  private let logger: Logger
  private let duration = Timer(label: "warren_reconcile_duration_seconds")
  private let postponements = Counter(label: "warren_reconcile_postponed_total")

  private var agenda = Agenda()
  private var pacing = FailurePacing()
  /// The earliest timer that is running.
  private var timer: Timestamp?

  /// How long a service whose changes could not be stored is left alone.
  private static let retryDelay: Duration = .seconds(1)

  /// - Parameters:
  ///   - clock: for waiting; it must go at the pace of `now`.
  ///   - newID: makes the ids of new tasks.
  package init(
    store: ClusterStore, clock: any Clock<Duration> = .continuous, now: @escaping @Sendable () -> Timestamp,
    newID: @escaping @Sendable () -> TaskID = { .random() }, logger: Logger
  ) {
    self.store = store
    self.clock = clock
    self.now = now
    self.newID = newID
    self.logger = logger
  }

  /// Runs until cancelled, shut down, or the store closes.
  package func run() async throws {
    let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    await withTaskCancellationOrGracefulShutdownHandler {
      await withDiscardingTaskGroup { group in
        group.addTask { await self.followStore(signal) }
        for await _ in signals {
          await work()
          if let delay = startTimer() {
            group.addTask { [clock] in
              try? await clock.sleep(for: delay)
              await self.timerEnded()
              signal.yield()
            }
          }
        }
        group.cancelAll()
      }
    } onCancelOrGracefulShutdown: {
      signal.finish()
    }
  }

  private func followStore(_ signal: AsyncStream<Void>.Continuation) async {
    while !Task.isCancelled {
      let (view, changes) = store.watch()
      agenda.begin(with: view.nodes, view.services)
      _ = consume view
      signal.yield()
      do {
        while true {
          let events = try await changes.nextBatch()
          if events.isEmpty { return signal.finish() }
          for event in events { for change in event.changes { agenda.note(change) } }
          signal.yield()
        }
      } catch {
        // This reader fell behind, or the state was replaced: look at everything again.
        logger.warning("loops.restarted", metadata: ["reason": "\(error)"])
      }
    }
  }

  /// Does what is due. What cannot be stored now is tried again later.
  private func work() async {
    let (services, placement) = agenda.take(now: now()) { store.view.services.map(\.id) }
    if services.isEmpty, !placement { return }
    let start = ContinuousClock.now
    defer { duration.recordNanoseconds((ContinuousClock.now - start).nanoseconds) }
    do {
      try await reconcile(services, placement: placement)
    } catch let error as WarrenError where [.unavailable, .resourceExhausted, .cancelled].contains(error.code) {
      // The store takes nothing at all for the moment.
      postpone(services, placement: placement, error)
    } catch {
      // One service's trouble must not be all services': each gets a transaction of its own.
      for service in services {
        do { try await reconcile([service], placement: false) } catch { postpone([service], placement: false, error) }
      }
      do { try await reconcile([], placement: true) } catch { postpone([], placement: true, error) }
    }
  }

  private func reconcile(_ services: [ServiceID], placement: Bool) async throws {
    var rest = services
    var placement = placement
    while true {
      let reconciler = Reconciler(now: now(), newID: newID, budget: TransactionBudget())
      let outcome = try await store.update { try reconciler.run(rest, placement: placement, in: &$0) }
      for (service, wakeAt) in outcome.done { agenda.wake(service, at: wakeAt) }
      if let time = outcome.placeAgainAt { agenda.wakePlacement(at: time) }
      for (service, error) in outcome.failed { postpone([service], placement: false, error) }
      if let (lasted, failures) = pacing.succeeded(outcome.done.keys, placement: placement && !outcome.hasMore, now: now()) {
        logger.notice("reconcile.resumed", metadata: ["after": "\(lasted)", "failures": "\(failures)"])
      }
      rest.removeAll { outcome.done.keys.contains($0) || outcome.failed.keys.contains($0) }
      if !outcome.hasMore { return }
      placement = true
    }
  }

  private func postpone(_ services: [ServiceID], placement: Bool, _ error: any Error) {
    postponements.increment()
    if let untold = pacing.failed(services, placement: placement, code: (error as? WarrenError)?.code, now: now()) {
      var reason: Logger.Metadata = ["services": "\(services.prefix(3).map(\.rawValue)), \(services.count) in all", "reason": "\(error)"]
      if untold > 0 { reason["untold"] = "\(untold)" }
      logger.error("reconcile.postponed", metadata: reason)
    }
    let later = now() + Self.retryDelay
    for service in services { agenda.wake(service, at: later) }
    if placement { agenda.wakePlacement(at: later) }
  }

  /// How long to sleep until the next back-off ends; nil when a timer that is running ends early enough.
  private func startTimer() -> Duration? {
    guard let wake = agenda.nextWake, timer.map({ wake < $0 }) ?? true else { return nil }
    timer = wake
    return max(wake - now(), .milliseconds(1))
  }

  private func timerEnded() { timer = nil }
}
