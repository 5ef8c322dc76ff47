import ClusterModel
import Foundation
import Logging
import TestKit
import Testing

@testable import Worker

/// A node with a worker on a fake engine, in virtual time. The worker can be killed and started again on the same journal.
struct AgentFixture: Sendable {
  let clock: ManualClock
  let engine: FakeEngine
  let manager = FakeManager()
  /// Nil keeps the clock free of a sleeper that most tests do not want.
  var sweepInterval: Duration?
  var engineLooks: (whileWell: Duration, whileIll: Duration)?
  let directory = "\(NSTemporaryDirectory())/warren-worker-\(UUID().uuidString)"

  var journalPath: String { "\(directory)/worker.sqlite" }

  /// Runs `body` on a fresh node. Whatever it does, no rule may have been broken at the end.
  static func with(
    engineLooks: (whileWell: Duration, whileIll: Duration)? = nil, _ body: (AgentFixture) async throws -> Void
  ) async throws {
    let clock = ManualClock()
    var fixture = AgentFixture(clock: clock, engine: FakeEngine(clock: clock) { clock.timestamp })
    fixture.engineLooks = engineLooks
    defer { try? FileManager.default.removeItem(atPath: fixture.directory) }
    try FileManager.default.createDirectory(atPath: fixture.directory, withIntermediateDirectories: true)
    try await body(fixture)
    let violations = await fixture.engine.violations + fixture.manager.violations
    #expect(violations.isEmpty)
  }

  /// One life of the worker: it runs while `body` does, and then dies as by `kill -9`.
  func life<Result>(_ body: (Agent) async throws -> Result) async throws -> Result {
    let agent = try await self.agent()
    let work = Task { try await agent.run() }
    defer { work.cancel() }
    let result = try await body(agent)
    await engine.kill()
    work.cancel()
    _ = await work.result
    return result
  }

  /// One that does not run yet.
  func agent() async throws -> Agent {
    let clock = clock
    var configuration = Agent.Configuration(node: ClusterNode(id: "n1", roles: [.worker], description: NodeDescription(hostname: "n1")))
    configuration.jitter = { 1 }
    configuration.boot = await BootID(rawValue: "\(engine.boots)")
    configuration.sweepInterval = sweepInterval
    configuration.engineLooks = engineLooks
    await manager.workerRestarted()
    return Agent(
      configuration: configuration, runtime: await engine.newLife(), session: manager, journal: try Journal(path: journalPath), clock: clock,
      now: { clock.timestamp }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  func loseJournal() { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: journalPath + suffix) } }

  func task(_ id: TaskID = "t", _ change: (inout TaskSpec) -> Void = { _ in }) -> ClusterTask {
    var spec = TaskSpec(container: ContainerSpec(image: "web"))
    change(&spec)
    var task = ClusterTask(id: id, serviceID: "s", serviceName: "web", slot: 1, revision: 1, spec: spec)
    task.nodeID = "n1"
    task.status = TaskStatus(state: .assigned)
    return task
  }

  /// Waits until the manager was told that the task is in `state`.
  @discardableResult
  func told(_ state: TaskState, attempt: Int? = nil, of id: TaskID = "t") async throws -> TaskStatus {
    try await eventually("\(id) is \(state)") {
      guard let status = await manager.status(id) else { return false }
      return status.state == state && (attempt == nil || status.attempt == attempt)
    }
    return await manager.status(id) ?? TaskStatus()
  }

  /// Waits until the manager no longer has the task.
  func gone(_ id: TaskID = "t") async throws { try await eventually("\(id) is gone") { await manager.status(id) == nil } }

  /// Waits until somebody sleeps, and lets the time pass until the first of them wakes. Returns how long that was.
  @discardableResult
  func skipSleep() async throws -> Duration {
    try await eventually("somebody sleeps") { clock.nextWakeup != nil }
    let delay = clock.nextWakeup ?? .zero
    clock.advance(by: delay)
    return delay
  }

  /// What a clean node has.
  func nothingLeft() async throws {
    try await eventually("nothing is left") { await engine.inventory.isEmpty }
    try await eventually("the journal is empty") { try await Journal(path: journalPath).load().isEmpty }
  }
}
