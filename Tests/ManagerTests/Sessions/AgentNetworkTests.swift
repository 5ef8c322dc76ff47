import ClusterModel
import Logging
import TestKit
import Testing
import Worker

@testable import Manager

/// A whole worker on a fake engine, whose managers come and go: nothing of what it runs may notice.
@Suite struct AgentNetworkTests {
  private static func withAgent(
    _ fixture: SessionFixture, _ body: @Sendable (FakeEngine, NetworkSession) async throws -> Void
  ) async throws {
    let clock = fixture.clock
    let engine = FakeEngine(clock: clock) { clock.timestamp }
    let session = try fixture.session(seeds: fixture.addresses)
    var configuration = Agent.Configuration(node: SessionFixture.node)
    (configuration.sweepInterval, configuration.engineLooks, configuration.jitter) = (nil, nil, { 1 })
    let agent = Agent(
      configuration: configuration, runtime: await engine.newLife(), session: session, journal: fixture.journal, clock: clock,
      now: { clock.timestamp }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let work = Task { try await agent.run() }
    defer { work.cancel() }
    try await body(engine, session)
    work.cancel()
    _ = await work.result
    #expect(await engine.violations.isEmpty)
  }

  private static func state(_ fixture: SessionFixture, _ id: TaskID) -> TaskState? { fixture.store.view.task(id)?.status.state }

  @Test func tasksOutliveTheirManagerAndAreKnownToTheNext() async throws {
    try await SessionFixture.run(managers: 3) { fixture in
      try await Self.withAgent(fixture) { engine, session in
        for id in ["a", "b"] as [TaskID] { try await fixture.addTask(id) }
        try await eventually("both run") { Self.state(fixture, "a") == .running && Self.state(fixture, "b") == .running }
        let running = await engine.running
        for round in 0..<2 {
          let manager = try #require(await session.manager)
          await fixture.managers.first { $0.address == manager }?.kill()
          // What happens while no manager is there is told to the next, and what was decided is done.
          await engine.exit("b-\(round)", code: 1)
          try await fixture.addTask(TaskID("c\(round)"))
          try await fixture.passTime(everywhere: true, until: "the next manager knows all of it") {
            Self.state(fixture, TaskID("c\(round)")) == .running && fixture.store.view.task("b")?.status.attempt == round + 1
              && Self.state(fixture, "b") == .running
          }
          #expect(await session.manager != manager)
        }
        #expect(await engine.running["a-0"] == running["a-0"], "nobody touched it")
        #expect(await engine.starts == ["a": 1, "b": 3, "c0": 1, "c1": 1])
      }
    }
  }

  @Test func reportsThatTheManagerDidNotStoreAreToldToTheNext() async throws {
    try await SessionFixture.run(managers: 2) { fixture in
      try await Self.withAgent(fixture) { engine, session in
        try await eventually("a session") { await session.manager != nil }
        try await fixture.addTask("a")
        // The manager dies with the worker's reports in its hands.
        fixture.log.closeGate()
        try await eventually("a report is on its way") { fixture.log.waiting > 0 }
        let manager = try #require(await session.manager)
        let kill = Task { await fixture.managers.first { $0.address == manager }?.kill() }
        fixture.log.openGate()
        await kill.value
        try await fixture.passTime(everywhere: true, until: "the next knows") { Self.state(fixture, "a") == .running }
        #expect(await engine.starts == ["a": 1])
      }
    }
  }
}
