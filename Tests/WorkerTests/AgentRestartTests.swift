import ClusterModel
import TestKit
import Testing

@testable import Worker

/// The worker killed and started again on its journal, and its machine powered off.
struct AgentRestartTests {
  @Test func aRunningContainerIsAdopted() async throws {
    try await AgentFixture.with { node in
      let before = try await node.life { _ in
        await node.manager.assign(node.task())
        return try await node.told(.running)
      }
      try await node.life { agent in
        try await eventually("it is adopted") { await agent.isConnected }
        try await eventually("it is known to run") { try await agent.container(of: "t").state == .running }
        #expect(await node.engine.running == ["t-0": before.pid])
        await node.engine.exit("t-0", code: 1)
        try await node.told(.waiting)
      }
      #expect(await node.engine.starts == ["t": 1])
    }
  }

  /// Also without any manager.
  @Test func anExitWhileTheWorkerWasAwayIsReportedWithItsCode() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task("once") { $0.restart.condition = .none })
        await node.manager.assign(node.task("again"))
        try await node.told(.running, of: "once")
        try await node.told(.running, of: "again")
      }
      await node.engine.exit("once-0", code: 42)
      await node.engine.exit("again-0", code: 43)
      await node.manager.refuse(WarrenError(.unavailable, "no manager here; try another"))
      try await node.life { _ in
        try await eventually("the policy restarts one of them") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          return await node.engine.running.keys.sorted() == ["again-1"]
        }
        await node.manager.refuse(nil)
        try await eventually("both are told") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          let once = await node.manager.status("once")
          let again = await node.manager.status("again")
          return once?.state == .failed && once?.lastExit?.code == 42 && again?.state == .running && again?.lastExit?.code == 43
        }
      }
    }
  }

  @Test func whatNobodyWantsIsRemovedAtStart() async throws {
    try await AgentFixture.with { node in
      await node.engine.leaveBehind("x-0", running: true)
      await node.engine.leaveBehind("y-3", running: false)
      try await node.life { agent in try await eventually("recovered") { await agent.isConnected } }
      #expect(await node.engine.inventory.isEmpty)
    }
  }

  @Test func aRestartDelayIsServedToItsEnd() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task { $0.restart.delay = .seconds(30) })
        try await node.told(.running)
        await node.engine.exit("t-0", code: 1)
        try await node.told(.waiting)
        try await eventually("it waits") { node.clock.nextWakeup != nil }
        node.clock.advance(by: .seconds(10))
      }
      try await node.life { agent in
        try await eventually("recovered") { await agent.isConnected }
        #expect(try await node.skipSleep() == .seconds(20))
        try await node.told(.running, attempt: 1)
      }
    }
  }

  @Test func attemptsAreNotGrantedAnewByARestart() async throws {
    try await AgentFixture.with { node in
      await node.manager.assign(node.task { $0.restart.maxAttempts = 2 })
      for attempt in 0...2 {
        try await node.life { _ in
          try await eventually("attempt \(attempt) runs") {
            if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
            return await node.engine.running["t-\(attempt)"] != nil
          }
          await node.engine.exit("t-\(attempt)", code: 1)
          if attempt < 2 { try await node.told(.waiting, attempt: attempt + 1) } else { try await node.told(.failed) }
        }
      }
      #expect(await node.engine.starts == ["t": 3])
    }
  }

  @Test func afterAPowerCutTasksComeBackWithoutAManager() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task())
        try await node.told(.running)
      }
      await node.engine.losePower()
      await node.manager.refuse(WarrenError(.unavailable, "no manager here; try another"))
      try await node.life { _ in
        try await eventually("it runs again") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          return await node.engine.running.keys.sorted() == ["t-1"]
        }
      }
      #expect(await node.engine.inventory == ["container t-1", "network t-1", "logs t"])
    }
  }

  @Test func powerCutsNeitherDelayATaskNorUseUpItsRestarts() async throws {
    try await AgentFixture.with { node in
      await node.manager.assign(
        node.task {
          $0.restart.maxAttempts = 1
          $0.restart.delay = .seconds(30)
        })
      for attempt in 0...3 {
        try await node.life { _ in _ = try await node.told(.running, attempt: attempt) }
        await node.engine.losePower()
      }
      #expect(node.clock.nextWakeup == nil)
    }
  }

  /// Forgotten is forgotten, also when no manager repeats it.
  @Test func aForgottenTaskDoesNotComeBack() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task())
        try await node.told(.running)
        await node.engine.fail(.stopping, .stuck)
        await node.manager.drop("t")
        try await eventually("it is being stopped") { await node.engine.reached.contains(.stopping) }
      }
      await node.manager.refuse(WarrenError(.unavailable, "no manager here; try another"))
      try await node.life { _ in try await eventually("it was stopped") { await node.engine.running.isEmpty } }
      await node.manager.refuse(nil)
      try await node.life { _ in try await node.nothingLeft() }
    }
  }

  /// Killed at each step of a start: one container runs in the end, and nothing else is there.
  @Test(arguments: [FakeEngine.Step.fetching, .connecting, .creating, .created, .starting, .started]) func killedWhileStarting(
    _ step: FakeEngine.Step
  ) async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.engine.fail(step, .stuck)
        await node.manager.assign(node.task())
        try await eventually("\(step) was reached") { await node.engine.reached.contains(step) }
      }
      try await node.life { _ in
        let status = try await node.told(.running)
        // The next attempt, when the worker was killed before it had written the first one down.
        let container = status.containerID
        #expect(["t-0", "t-1"].contains(container))
        #expect(await node.engine.running == [container: status.pid])
        #expect(await node.engine.inventory == ["container \(container)", "network \(container)", "logs t"])
      }
      #expect(await node.engine.starts == ["t": 1])
    }
  }

  /// Killed at each step of a restart after an exit: the exit is counted once and not taken for another.
  @Test(arguments: [FakeEngine.Step.removing, .disconnecting, .removed]) func killedWhileRestarting(_ step: FakeEngine.Step) async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task("once") { $0.restart.condition = .onFailure })
        try await node.told(.running, of: "once")
        await node.engine.fail(step, .stuck)
        await node.engine.exit("once-0", code: 0)
        try await eventually("\(step) was reached") { await node.engine.reached.contains(step) }
      }
      try await node.life { _ in
        let status = try await node.told(.complete, of: "once")
        #expect(status.lastExit?.code == 0 && status.attempt == 0)
      }
      #expect(await node.engine.starts == ["once": 1])
      #expect(await node.engine.inventory == ["logs once"])
    }
  }

  /// Killed at each step of an end: nothing is left.
  @Test(arguments: [FakeEngine.Step.stopping, .stopped, .removing, .disconnecting, .removed, .forgetting, .forgotten]) func killedWhileEnding(
    _ step: FakeEngine.Step
  ) async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task())
        try await node.told(.running)
        await node.engine.fail(step, .stuck)
        await node.manager.want(.remove, of: "t")
        try await eventually("\(step) was reached") { await node.engine.reached.contains(step) }
      }
      try await node.life { _ in
        try await node.gone()
        try await node.nothingLeft()
      }
    }
  }
}
