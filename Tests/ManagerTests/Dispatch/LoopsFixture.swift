import ClusterModel
import Logging
import NIOConcurrencyHelpers
import TestKit
import Testing

@testable import Manager
@testable import Orchestration

/// A store with dispatcher and control loops running on a clock that stands still.
struct LoopsFixture: Sendable {
  let clock = ManualClock()
  let store: ClusterStore
  let log: InstantLog
  let dispatcher: Dispatcher
  let loops: ControlLoops

  private init() {
    let clock = clock
    store = ClusterStore(now: { clock.timestamp })
    log = InstantLog(store: store)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    dispatcher = Dispatcher(store: store, clock: clock, logger: logger)
    loops = ControlLoops(store: store, clock: clock, now: { clock.timestamp }, logger: logger)
  }

  /// - Parameter withLoops: whether the orchestrator and the scheduler run, too.
  static func run(
    withLoops: Bool = true, prepare: @Sendable (LoopsFixture) async throws -> Void = { _ in }, _ body: @Sendable (LoopsFixture) async throws -> Void
  ) async throws {
    let fixture = LoopsFixture()
    try await prepare(fixture)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await fixture.dispatcher.run() }
      if withLoops { group.addTask { try await fixture.loops.run() } }
      do {
        let followers = withLoops ? 2 : 1
        try await fixture.settle { fixture.store.state.withLockedValue { $0.watches.count } >= followers }
        try await body(fixture)
      } catch {
        group.cancelAll()
        throw error
      }
      group.cancelAll()
      for try await _ in group {}
    }
  }

  func createService(_ name: String, mode: ServiceSpec.Mode, _ change: (inout TaskSpec) -> Void = { _ in }) async throws {
    var task = TaskSpec(container: ContainerSpec(image: "nginx"))
    change(&task)
    let spec = ServiceSpec(name: name, mode: mode, task: task)
    try await store.update { try $0.put(ClusterService(id: ServiceID(name), spec: spec)) }
  }

  func change(_ name: String, _ body: (inout ClusterService) -> Void) async throws {
    try await store.update { transaction in
      guard var service = transaction.view.service(named: name) else { return }
      body(&service)
      try transaction.put(service)
    }
  }

  /// A task that is placed on a node already.
  func addTask(_ id: TaskID, on node: NodeID, _ state: TaskState = .assigned) async throws {
    var task = ClusterTask(
      id: id, serviceID: "s", serviceName: "s", slot: 1, revision: 1, spec: TaskSpec(container: ContainerSpec(image: "nginx")))
    task.nodeID = node
    task.status = TaskStatus(state: state)
    try await store.update { try $0.put(task) }
  }

  /// Waits until the store's state satisfies the condition; every change is looked at.
  func eventually(_ condition: @escaping @Sendable (StoreView) -> Bool, location: SourceLocation = #_sourceLocation) async throws {
    let (view, changes) = store.watch()
    if condition(view) { return }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        for try await _ in changes where condition(store.view) { return true }
        return condition(store.view)
      }
      group.addTask {
        // The bound of a wait that ends by itself.
        try await Task.sleep(for: .seconds(300))
        return false
      }
      let met = try await group.next() ?? false
      group.cancelAll()
      if !met {
        Issue.record(
          "the state was not reached: \(store.view.tasks.map { "\($0.displayName) \($0.desiredState) \($0.status)" })", sourceLocation: location)
      }
    }
  }

  /// Waits until something outside the store holds.
  func settle(until condition: @Sendable () async -> Bool, location: SourceLocation = #_sourceLocation) async throws {
    for _ in 0..<100_000 {
      if await condition() { return }
      await Task.yield()
    }
    for _ in 0..<6000 {
      if await condition() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("the condition was not reached", sourceLocation: location)
  }
}

/// The worker's end of a session.
struct FakeWorker {
  let id: NodeID
  let dispatcher: Dispatcher
  private var assignments: AsyncThrowingStream<Assignment, any Error>.Iterator
  private(set) var tasks: [TaskID: ClusterTask] = [:]

  init(_ id: NodeID, _ dispatcher: Dispatcher) async throws {
    self.id = id
    self.dispatcher = dispatcher
    assignments = try await dispatcher.openSession(node: PlanFixture.node(id)).makeAsyncIterator()
  }

  /// The next message, taken in.
  mutating func next() async throws -> Assignment? {
    let assignment = try await assignments.next()
    switch assignment {
    case .complete(let all)?: tasks = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
    case .change(let updated, let removed)?:
      for task in updated { tasks[task.id] = task }
      for task in removed { tasks[task] = nil }
    case nil: break
    }
    return assignment
  }

  func report(_ task: TaskID, _ state: TaskState, attempt: Int = 0, since: Timestamp = .epoch) async throws {
    try await dispatcher.report(node: id, [TaskStatusUpdate(taskID: task, status: TaskStatus(state: state, attempt: attempt, since: since))])
  }
}
