import ClusterModel
import TestKit
import Testing

@testable import Worker

/// What a worker says of an engine that does not answer.
struct AgentEngineTests {
  private static let silence = WarrenError(.unavailable, "the engine does not answer; start it")
  private static let often: (whileWell: Duration, whileIll: Duration) = (.seconds(5), .seconds(1))

  @Test func anEngineThatIsAwayAtTheStartIsToldOverTheSession() async throws {
    try await AgentFixture.with(engineLooks: Self.often) { node in
      await node.engine.goAway()
      try await node.life { agent in
        await node.manager.assign(node.task())
        try await eventually("the manager hears why") { await node.manager.node?.runtimeProblem == "the engine is away; start it" }
        #expect(await node.manager.status("t")?.state == .assigned, "nothing is said of a task before it is known what runs here")
        #expect(await !agent.isConnected)

        await node.engine.comeBack()
        try await eventually("it starts, and is well") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          let (status, told) = await (node.manager.status("t"), node.manager.node)
          return status?.state == .running && told?.runtimeProblem.isEmpty == true && told?.description.runtimeVersion == "fake 1.0"
        }
        #expect(await node.manager.sessions == 1)
        #expect(await node.engine.starts == ["t": 1])
      }
    }
  }

  @Test func anEngineThatHangsLaterIsToldAndRestartsNothing() async throws {
    try await AgentFixture.with(engineLooks: Self.often) { node in
      try await node.life { _ in
        await node.manager.assign(node.task("a"))
        let pid = try await node.told(.running, of: "a").pid
        #expect(await node.manager.node?.runtimeProblem == "")
        await node.engine.fail(.version, .error(Self.silence), times: .max)
        await node.engine.fail(.fetching, .stuck)
        await node.manager.assign(node.task("b"))
        try await eventually("it is told, and b says what it waits for") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          let told = await node.manager.node
          let b = await node.manager.status("b")
          return told?.runtimeProblem == Self.silence.message && b?.state == .preparing && b?.message == Self.silence.message
        }
        #expect(await node.manager.node?.description.runtimeVersion == "fake 1.0", "what it was is still known")
        await node.engine.heal()
        try await eventually("it is well again") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          let (status, told) = await (node.manager.status("b"), node.manager.node)
          return told?.runtimeProblem == "" && status?.message == ""
        }
        #expect(await node.engine.running["a-0"] == pid)
        #expect(await node.engine.starts == ["a": 1])
      }
    }
  }

  @Test func theWordsStayAsLongAsItLasts() {
    struct Silence: Error { let number: Int }
    let words: (any Error) -> String = { "\(($0 as? Silence)?.number ?? 0)" }
    let ill = EngineState.unknown.after(.failure(Silence(number: 1)), words: words)
    #expect(ill == .ill("1"))
    #expect(ill.after(.failure(Silence(number: 2)), words: words) == .ill("1"))
    #expect(ill.after(.success("v"), words: words) == .well(version: "v"))
    #expect(EngineState.well(version: "v").after(.failure(Silence(number: 3)), words: words) == .ill("3"))
  }
}
