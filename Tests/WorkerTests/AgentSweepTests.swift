import ClusterModel
import TestKit
import Testing

@testable import Worker

/// What the worker finds on its node beside what it made there itself.
struct AgentSweepTests {
  @Test func leftoversAreLookedForEveryNowAndThen() async throws {
    try await AgentFixture.with { original in
      var node = original
      node.sweepInterval = .seconds(600)
      try await node.life { _ in
        await node.manager.assign(node.task())
        let pid = try await node.told(.running).pid
        await node.engine.leaveBehind("x-0", running: true)
        #expect(try await node.skipSleep() == .seconds(600))
        try await eventually("it is removed") { await node.engine.running == ["t-0": pid] }
        await node.engine.leaveBehind("y-0", running: false)
        #expect(try await node.skipSleep() == .seconds(600))
        try await eventually("the next, too") { await node.engine.inventory == ["container t-0", "network t-0", "logs t"] }
      }
    }
  }

  @Test func leftoversAreLookedForWhenTheEngineIsBack() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task())
        let pid = try await node.told(.running).pid
        await node.engine.goAway()
        await node.engine.leaveBehind("x-0", running: true)
        await node.engine.comeBack()
        try await eventually("it is removed") { await node.engine.running == ["t-0": pid] }
      }
    }
  }

  /// What is being made while the worker looks is no leftover.
  @Test func whatIsBeingMadeIsLeftAlone() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.engine.fail(.creating, .stuck)
        await node.manager.assign(node.task())
        try await eventually("its container is half made") { await node.engine.reached.contains(.creating) }
        let sweeps = await node.engine.sweeps
        await node.engine.comeBack()
        try await eventually("the worker has looked") { await node.engine.sweeps > sweeps }
        #expect(await node.engine.inventory == ["container t-0", "network t-0", "logs t"])
      }
    }
  }
}
