package import ClusterModel
package import Logging
import NIOConcurrencyHelpers

/// Performs what a `TaskMachine` decides, for one task: calls the runtime, keeps time, writes the journal, hands on reports.
///
/// Cancelling its `run` leaves the container as it is: that is how the worker stops without stopping what it runs.
package final class TaskSupervisor: Sendable {
  package struct Surroundings: Sendable {
    package var runtime: any ContainerRuntime
    package var journal: Journal
    package var boot: BootID
    package var clock: any Clock<Duration>
    package var now: @Sendable () -> Timestamp
    package var report: @Sendable (TaskStatusUpdate) -> Void
    package var logger: Logger

    package init(
      runtime: any ContainerRuntime, journal: Journal, boot: BootID, clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp,
      report: @escaping @Sendable (TaskStatusUpdate) -> Void, logger: Logger
    ) {
      self.runtime = runtime
      self.journal = journal
      self.boot = boot
      self.clock = clock
      self.now = now
      self.report = report
      self.logger = logger
    }
  }

  package let id: TaskID
  private let record: TaskRecord
  private let found: RuntimeContainer.State?
  private let around: Surroundings
  private let events: AsyncStream<TaskMachine.Event>
  private let mailbox: AsyncStream<TaskMachine.Event>.Continuation
  private let current: NIOLockedValueBox<String?>

  package init(_ record: TaskRecord, found: RuntimeContainer.State?, _ surroundings: Surroundings) {
    id = record.task.id
    self.record = record
    self.found = found
    around = surroundings
    (events, mailbox) = AsyncStream.makeStream()
    current = NIOLockedValueBox(TaskContainer(task: record.task, attempt: record.attempt).id)
  }

  /// What was known of the task before it was looked at.
  var firstStatus: TaskStatus { record.status }
  var image: String { record.task.spec.container.image }

  /// The container that is there or about to be made; nil once the task has ended.
  var container: String? { current.withLockedValue { $0 } }

  package func send(_ event: TaskMachine.Event) { mailbox.yield(event) }

  /// Returns when the task was forgotten, or on cancellation.
  package func run() async {
    var machine = TaskMachine(record: record, boot: around.boot)
    mailbox.yield(.begin(found))
    await withDiscardingTaskGroup { group in
      var creation: Task<Void, Never>?
      // The machine removes leftovers before it creates: what follows a removal waits for it.
      var removal: Task<Void, Never>?
      // The last word on the ports counts, and none may come after the container's end.
      var publication: Task<Void, Never>?
      defer { creation?.cancel() }
      events: for await event in events {
        // What cancelled work reports is no news of the container.
        if Task.isCancelled { break }
        let actions = machine.handle(event, now: around.now())
        current.withLockedValue { $0 = machine.phase == .ended ? nil : machine.container.id }
        for action in actions {
          let container = machine.container
          switch action {
          case .save: await save(machine.record)
          case .report(let status): around.report(TaskStatusUpdate(taskID: id, status: status))
          case .create:
            let before = removal
            let work = Task {
              await before?.value
              await self.create(container)
            }
            creation = work
            group.addTask { await withTaskCancellationHandler(operation: { await work.value }, onCancel: { work.cancel() }) }
          case .cancelCreate: creation?.cancel()
          case .start(let address, let isPublished):
            group.addTask { await self.start(container, address: address, isPublished: isPublished) }
          case .watch: group.addTask { await self.watch(container) }
          case .probe(let role, let check, let delay): group.addTask { await self.probe(container, role, check, after: delay) }
          case .publish(let isPublished):
            let before = publication
            let work = Task {
              await self.end(before)
              await self.publish(container, isPublished)
            }
            publication = work
            group.addTask { await withTaskCancellationHandler(operation: { await work.value }, onCancel: { work.cancel() }) }
          case .stop:
            let before = publication
            group.addTask {
              await self.end(before)
              await self.stop(container)
            }
          case .remove:
            let before = publication
            let work = Task {
              await self.end(before)
              await self.remove(container.id)
            }
            removal = work
            group.addTask { await withTaskCancellationHandler(operation: { await work.value }, onCancel: { work.cancel() }) }
          case .wait(let delay):
            group.addTask {
              guard (try? await self.around.clock.sleep(for: delay)) != nil else { return }
              self.send(.timer)
            }
          case .forget:
            await forget()
            break events
          }
        }
      }
      group.cancelAll()
    }
  }

  private func save(_ record: TaskRecord) async {
    await persistently("journal.write-failed") { try await self.around.journal.save(record) }
    around.logger.trace("journal.saved", metadata: ["task": "\(id)", "state": "\(record.status.state)", "started": "\(record.startedIn != nil)"])
  }

  private func create(_ container: TaskContainer) async {
    do {
      send(.created(try await around.runtime.create(container) { self.send(.progress($0)) }))
    } catch {
      log(.warning, "task.create-failed", container, error)
      send(failure(error))
    }
  }

  private func start(_ container: TaskContainer, address: String, isPublished: Bool) async {
    do {
      let pid = try await around.runtime.start(container, address: address, isPublished: isPublished)
      around.logger.info("task.started", metadata: metadata(container, ["pid": "\(pid)"]))
      send(.started(pid: pid))
    } catch {
      log(.warning, "task.start-failed", container, error)
      send(failure(error))
    }
  }

  /// A container is not to blame when the engine went away while it was made.
  private func failure(_ error: any Error) -> TaskMachine.Event {
    if around.runtime.isUnsuitable(error) { return .rejected(message: Self.words(error)) }
    return around.runtime.isAbsence(error) ? .interrupted(message: Self.words(error)) : .failed(message: Self.words(error))
  }

  private func watch(_ container: TaskContainer) async {
    do {
      let exit = try await around.runtime.exit(of: container)
      around.logger.info("task.exited", metadata: metadata(container, ["code": "\(exit.code)", "reason": "\(exit.reason)"]))
      send(.exited(exit))
    } catch {
      if Task.isCancelled { return }
      log(.warning, "task.lost", container, error)
      send(.exited(ExitStatus(code: -1, reason: Self.words(error), at: around.now())))
    }
  }

  private func publish(_ container: TaskContainer, _ isPublished: Bool) async {
    if await persistently("task.publish-failed", { try await self.around.runtime.publish(container, isPublished) }) {
      around.logger.info(isPublished ? "task.ready" : "task.not-ready", metadata: metadata(container, [:]))
    }
  }

  private func end(_ publication: Task<Void, Never>?) async {
    publication?.cancel()
    await publication?.value
  }

  private func probe(_ container: TaskContainer, _ role: Checkup.Role, _ check: HealthCheck, after delay: Duration) async {
    if delay > .zero, (try? await around.clock.sleep(for: delay)) == nil { return }
    var outcome: ProbeOutcome?
    do { outcome = try await around.runtime.probe(container, check) } catch {
      if Task.isCancelled { return }
      log(.warning, "task.probe-failed", container, error)
    }
    if let failure = outcome, !failure.isSuccess {
      outcome?.lastLines = await around.runtime.lastLines(of: id)
      around.logger.debug("task.unwell", metadata: metadata(container, ["check": "\(role)", "output": "\(failure.output)"]))
    }
    send(.probed(role, attempt: container.attempt, outcome))
  }

  private func stop(_ container: TaskContainer) async {
    var pause = Self.pauses.lowerBound
    while !Task.isCancelled {
      do {
        return send(.stopped(try await around.runtime.stop(container)))
      } catch {
        if Task.isCancelled { return }
        log(.warning, "task.stop-failed", container, error)
        // Removing it would kill what is left, without its grace: not because the engine is away for a moment.
        guard around.runtime.isAbsence(error) else { return send(.stopped(nil)) }
        try? await around.clock.sleep(for: pause)
        pause = min(pause * 2, Self.pauses.upperBound)
      }
    }
  }

  private func remove(_ container: String) async {
    if await persistently("container.remove-failed", { try await self.around.runtime.remove(container) }) {
      send(.removed(lastLines: await around.runtime.lastLines(of: id)))
    }
  }

  private func forget() async {
    await persistently("task.forget-failed") {
      try await self.around.runtime.forget(self.id)
      try await self.around.journal.remove(self.id)
    }
  }

  /// Between two tries of what must succeed.
  private static let pauses: ClosedRange<Duration> = .milliseconds(100)...(.seconds(10))

  /// Repeats what must succeed for the task to go on. False when cancelled first.
  @discardableResult
  private func persistently(_ event: Logger.Message, _ work: @Sendable () async throws -> Void) async -> Bool {
    var pause = Self.pauses.lowerBound
    while !Task.isCancelled {
      do {
        try await work()
        return true
      } catch {
        if Task.isCancelled { return false }
        around.logger.warning(event, metadata: ["task": "\(id)", "error": "\(error)"])
        try? await around.clock.sleep(for: pause)
        pause = min(pause * 2, Self.pauses.upperBound)
      }
    }
    return false
  }

  private static func words(_ error: any Error) -> String { (error as? WarrenError)?.message ?? "\(error)" }

  private func metadata(_ container: TaskContainer, _ more: Logger.Metadata) -> Logger.Metadata {
    more.merging(["task": "\(id)", "name": "\(container.task.displayName)", "attempt": "\(container.attempt)"]) { own, _ in own }
  }

  private func log(_ level: Logger.Level, _ event: Logger.Message, _ container: TaskContainer, _ error: any Error) {
    around.logger.log(level: level, event, metadata: metadata(container, ["error": "\(error)"]))
  }
}
