package import ClusterModel
package import Logging
import ServiceLifecycle

/// The worker of a node: keeps a session to a manager and the assigned tasks running.
///
/// It trusts its journal. Losing every manager stops and delays nothing; the session is only where changes come from and reports go to.
package actor Agent {
  package struct Configuration: Sendable {
    package var node: ClusterNode
    package var boot = BootID.current()
    /// Between two attempts to open a session: doubles from the first to the second.
    package var reconnectDelay: ClosedRange<Duration> = .milliseconds(100)...(.seconds(8))
    /// What part of that delay is waited, drawn anew each time: workers that lost the same manager return at different moments.
    package var jitter: @Sendable () -> Double = { .random(in: 0.5...1) }
    /// How often the engine is asked whether it answers: normally, and while it does not; nil only asks with each session.
    package var engineLooks: (whileWell: Duration, whileIll: Duration)? = (.seconds(5), .seconds(1))
    /// How often leftovers are looked for beside the start and each return of the engine; nil for never.
    package var sweepInterval: Duration? = .seconds(600)

    package init(node: ClusterNode) { self.node = node }
  }

  let configuration: Configuration
  let runtime: any ContainerRuntime
  private let session: any ManagerSession
  let journal: Journal
  let clock: any Clock<Duration>
  private let now: @Sendable () -> Timestamp
  let logger: Logger
  private let outbox = ReportOutbox()

  var supervisors: [TaskID: TaskSupervisor] = [:]
  /// Whether the worker knows what runs here: before that, nothing can be said about a task.
  private(set) var hasRecovered = false
  /// What came while the worker was still finding that out.
  private var backlog: [Assignment] = []
  /// Since when a manager takes reports; nil while none does.
  private var sessionSince: Timestamp?
  var hasSession: Bool { sessionSince != nil }
  /// Whether the worker has recovered and holds a session: what readiness means for a worker.
  package var isConnected: Bool { hasRecovered && hasSession }
  var engine = EngineState.unknown
  /// The node as the manager of this session was told of it.
  private(set) var told: ClusterNode?

  package init(
    configuration: Configuration, runtime: any ContainerRuntime, session: any ManagerSession, journal: Journal,
    clock: any Clock<Duration> = .continuous, now: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    self.configuration = configuration
    self.runtime = runtime
    self.session = session
    self.journal = journal
    self.clock = clock
    self.now = now
    self.logger = logger
  }

  /// The container that a task has now, for looking into it.
  /// - Throws: `WarrenError(.notFound)` when this node has no such task, `.unavailable` while it does not know yet.
  package func container(of task: TaskID) throws -> (id: String, state: TaskState) {
    guard let supervisor = supervisors[task] else { throw missing(task) }
    let status = outbox.latest(of: task) ?? supervisor.firstStatus
    return (status.containerID, status.state)
  }

  package func has(_ task: TaskID) -> Bool { supervisors[task] != nil }

  /// The error about a task that is not here.
  func missing(_ task: TaskID) -> WarrenError {
    hasRecovered
      ? WarrenError(.notFound, "This node has no task \(task); look for it with 'warren task list'")
      : WarrenError(.unavailable, "This node is still finding out what it runs; try again")
  }

  /// Stops what runs here and forgets it, for a node that is no longer of the cluster.
  /// - Returns: whether nothing is left.
  package func dismiss(within patience: Duration) async -> Bool {
    let pause = Duration.milliseconds(100)
    // Looked at instead of waited for: it is over in a few rounds, once in the life of a process.
    for _ in 0..<Int(patience / pause) {
      for supervisor in supervisors.values { supervisor.send(.forgotten) }
      if hasRecovered, supervisors.isEmpty { return true }
      do { try await clock.sleep(for: pause) } catch { return false }
    }
    return false
  }

  /// The images of the tasks that are here, as their services name them.
  package var images: Set<String> { Set(supervisors.values.map(\.image)) }

  private func work() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (births, newborn) = AsyncStream<TaskSupervisor>.makeStream()
      group.addTask { try await self.live(births: newborn) }
      group.addTask {
        await withDiscardingTaskGroup { tasks in
          for await supervisor in births {
            tasks.addTask {
              await supervisor.run()
              await self.ended(supervisor)
            }
          }
          tasks.cancelAll()
        }
      }
      try await group.next()
      group.cancelAll()
    }
  }

  private func live(births: AsyncStream<TaskSupervisor>.Continuation) async throws {
    defer { births.finish() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await self.recover(births)
        await self.recovered(births)
        await self.reportEngine()
        await self.keepClean()
      }
      // Before it has recovered, too: with an engine that does not answer it is the session that says so.
      group.addTask { await self.keepSession(births) }
      group.addTask { await self.watchEngine() }
      try await group.next()
      group.cancelAll()
    }
  }

  /// A session that was longer shows that the managers are well.
  private static let lasting = Duration.seconds(1)

  private func keepSession(_ births: AsyncStream<TaskSupervisor>.Continuation) async {
    var pause = configuration.reconnectDelay.lowerBound
    while !Task.isCancelled {
      var loss: (any Error)?
      do { try await holdSession(births) } catch { loss = error }
      if Task.isCancelled { return }
      // A manager that takes a session and drops it at once is not asked ten times a second.
      if let since = sessionSince, now() - since > Self.lasting { pause = configuration.reconnectDelay.lowerBound }
      sessionSince = nil
      var metadata: Logger.Metadata = ["node": "\(configuration.node.id)", "retry_in": "\(pause)"]
      if let loss { metadata["error"] = "\(loss)" }
      logger.warning(loss == nil ? "session.ended" : "session.lost", metadata: metadata)
      try? await clock.sleep(for: pause * configuration.jitter())
      pause = min(pause * 2, configuration.reconnectDelay.upperBound)
    }
  }

  private func holdSession(_ births: AsyncStream<TaskSupervisor>.Continuation) async throws {
    await lookAtEngine(within: Self.firstLook)
    let node = node
    let assignments = try await session.open(node)
    told = node
    logger.info("session.open", metadata: ["node": "\(configuration.node.id)"])
    try await follow(assignments, births)
  }

  private func recovered(_ births: AsyncStream<TaskSupervisor>.Continuation) {
    hasRecovered = true
    for assignment in backlog { apply(assignment, births) }
    backlog = []
  }

  /// Repeats until containerd answers.
  func patiently<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    var pause = Duration.milliseconds(50)
    while true {
      do { return try await body() } catch {
        try Task.checkCancellation()
        logger.warning("runtime.not-ready", metadata: ["error": "\(error)", "retry_in": "\(pause)"])
        try await clock.sleep(for: pause)
        pause = min(pause * 2, .seconds(5))
      }
    }
  }

  private func follow(_ assignments: AsyncThrowingStream<Assignment, any Error>, _ births: AsyncStream<TaskSupervisor>.Continuation) async throws {
    sessionSince = now()
    // What an earlier session did not take in, or took in and lost with its manager.
    outbox.sendAllAgain()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.sendReports() }
      group.addTask { for try await assignment in assignments { await self.apply(assignment, births) } }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// Tells the manager when something about the node is not as it was told.
  func tellNode() async {
    let node = node
    guard hasSession, node != told else { return }
    do {
      try await session.update(node)
      told = node
    } catch {
      if !Task.isCancelled { logger.warning("session.node-not-told", metadata: ["error": "\(error)"]) }
    }
  }

  private func sendReports() async throws {
    for await _ in outbox.signals() {
      let updates = outbox.take()
      if updates.isEmpty { continue }
      do { try await session.report(configuration.node.id, updates) } catch {
        outbox.putBack(updates)
        throw error
      }
    }
  }

  private func apply(_ assignment: Assignment, _ births: AsyncStream<TaskSupervisor>.Continuation) {
    guard hasRecovered else {
      if case .complete = assignment { backlog = [] }
      return backlog.append(assignment)
    }
    switch assignment {
    case .complete(let tasks):
      let wanted = Set(tasks.map(\.id))
      for (id, supervisor) in supervisors where !wanted.contains(id) { supervisor.send(.forgotten) }
      for task in tasks { take(task, births) }
    case .change(let updated, let removed):
      for task in updated { take(task, births) }
      for id in removed { supervisors[id]?.send(.forgotten) }
    }
  }

  private func take(_ task: ClusterTask, _ births: AsyncStream<TaskSupervisor>.Continuation) {
    if let supervisor = supervisors[task.id] { return supervisor.send(.assigned(task)) }
    // History the manager keeps; nothing of it is here, and nothing of it may run again.
    if task.status.state.isTerminal { return }
    guard task.desiredState == .running else {
      var status = task.status
      status.state = .shutdown
      status.since = now()
      return outbox.addOnce(TaskStatusUpdate(taskID: task.id, status: status))
    }
    watch(TaskRecord(assigned: task), found: nil, births)
  }

  func watch(_ record: TaskRecord, found: RuntimeContainer.State?, _ births: AsyncStream<TaskSupervisor>.Continuation) {
    let supervisor = TaskSupervisor(
      record, found: found,
      TaskSupervisor.Surroundings(
        runtime: runtime, journal: journal, boot: configuration.boot, clock: clock, now: now,
        report: { [outbox] in outbox.add($0) }, logger: logger))
    supervisors[record.task.id] = supervisor
    births.yield(supervisor)
  }

  private func ended(_ supervisor: TaskSupervisor) {
    guard !Task.isCancelled else { return }
    supervisors[supervisor.id] = nil
    outbox.forget(supervisor.id)
  }
}

extension Agent: Service {
  /// Works until cancelled or shut down; containers are left running.
  package func run() async throws {
    try await cancelWhenGracefulShutdown { try await self.work() }
  }
}
