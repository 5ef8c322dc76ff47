import ClusterModel
import TestKit
import Testing

@testable import Worker

/// The worker as a whole, without a restart of it.
struct AgentTests {
  @Test func anAssignedTaskRuns() async throws {
    try await AgentFixture.with { node in
      try await node.life { agent in
        await node.manager.assign(node.task())
        let status = try await node.told(.running)
        #expect(await node.engine.running == ["t-0": status.pid])
        #expect(status.containerID == "t-0" && !status.address.isEmpty)
        #expect(try await agent.container(of: "t").state == .running)
        #expect(await agent.isConnected)
      }
    }
  }

  @Test func whatItDoesNotKnowYetIsNotCalledMissing() async throws {
    try await AgentFixture.with { node in
      let early = try await node.agent()
      #expect(try await #require(throws: WarrenError.self) { try await early.container(of: "t") }.code == .unavailable)
      try await node.life { agent in
        await node.manager.assign(node.task())
        try await node.told(.running)
        #expect(try await #require(throws: WarrenError.self) { try await agent.container(of: "other") }.code == .notFound)
      }
    }
  }

  @Test func aTaskThatIsNoLongerWantedLeavesNothingBehind() async throws {
    try await AgentFixture.with { node in
      try await node.life { agent in
        await node.manager.assign(node.task())
        try await node.told(.running)
        await node.manager.want(.shutdown, of: "t")
        let status = try await node.told(.shutdown)
        #expect(status.lastExit?.code == 143)
        #expect(await node.engine.inventory == ["logs t"], "its logs can still be read")
        await node.manager.want(.remove, of: "t")
        try await node.gone()
        try await node.nothingLeft()
        try await eventually("the worker has forgotten it") { await !agent.has("t") }
      }
    }
  }

  @Test func aProcessThatDoesNotStopIsGivenItsGrace() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.engine.setStubborn("t")
        await node.manager.assign(node.task { $0.container.stopGrace = .seconds(25) })
        try await node.told(.running)
        await node.manager.want(.shutdown, of: "t")
        try await node.told(.stopping)
        #expect(try await node.skipSleep() == .seconds(25))
        #expect(try await node.told(.shutdown).lastExit?.code == 137)
      }
    }
  }

  @Test func anImageThatIsMissingIsToldInTheRegistrysWordsAndTriedAgain() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.engine.setMissing("web", "manifest unknown")
        await node.manager.assign(node.task())
        for (attempt, delay) in [(1, 1), (2, 2), (3, 4)] {
          let status = try await node.told(.waiting, attempt: attempt)
          #expect(status.message == "manifest unknown" && status.nextAttemptAt != nil)
          #expect(try await node.skipSleep() == .seconds(delay))
        }
        try await node.told(.waiting, attempt: 4)
        await node.engine.setMissing("web", nil)
        try await node.skipSleep()
        let status = try await node.told(.running)
        #expect(status.attempt == 4 && status.message.isEmpty)
      }
    }
  }

  @Test func aTaskIsStoppedWhereverItsStartIs() async throws {
    for step in [FakeEngine.Step.fetching, .connecting, .creating, .created] {
      try await AgentFixture.with { node in
        try await node.life { _ in
          await node.engine.fail(step, .stuck)
          await node.manager.assign(node.task())
          try await eventually("\(step) was reached") { await node.engine.reached.contains(step) }
          await node.manager.want(.remove, of: "t")
          try await node.gone()
          try await node.nothingLeft()
        }
      }
    }
  }

  @Test func whatFailsOnceIsTriedAgain() async throws {
    for step in [FakeEngine.Step.connecting, .creating, .created, .starting, .started, .removing, .disconnecting, .removed] {
      try await AgentFixture.with { node in
        try await node.life { _ in
          let isRemoval = [.removing, .disconnecting, .removed].contains(step)
          if isRemoval {
            await node.manager.assign(node.task())
            try await node.told(.running)
          }
          await node.engine.fail(step, .error(WarrenError(.internalError, "no luck at \(step)")))
          if isRemoval { await node.engine.exit("t-0", code: 3) } else { await node.manager.assign(node.task()) }
          try await settle(node, attempt: 1)
          #expect(await node.engine.running.keys.sorted() == ["t-1"])
        }
      }
    }
  }

  /// Lets time pass until the attempt runs.
  private func settle(_ node: AgentFixture, attempt: Int) async throws {
    try await eventually("attempt \(attempt) runs") {
      if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
      guard let status = await node.manager.status("t") else { return false }
      return status.state == .running && status.attempt == attempt
    }
  }

  @Test func anEngineThatIsAwayForAMomentCostsNoAttempt() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.assign(node.task("old") { $0.restart.condition = .none })
        let pid = try await node.told(.running, of: "old").pid
        await node.engine.goAway()
        await node.manager.assign(node.task("new") { $0.restart.condition = .none })
        await node.engine.exit("nothing", code: 0)
        try await eventually("it was tried") { node.clock.nextWakeup != nil }
        node.clock.advance(by: .seconds(20))
        #expect(await node.engine.running == ["old-0": pid])
        await node.engine.comeBack()
        try await eventually("the new one runs") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          return await node.manager.status("new")?.state == .running
        }
        #expect(await node.engine.running["old-0"] == pid)
        #expect(await node.engine.starts == ["old": 1, "new": 1])

        await node.engine.goAway()
        await node.engine.exit("old-0", code: 9)
        await node.engine.comeBack()
        try await eventually("its end is known") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          return await node.manager.status("old")?.lastExit?.code == 9
        }
      }
    }
  }

  @Test func aTaskTheWorkerNeverHadIsReportedAsEnded() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        var task = node.task()
        task.desiredState = .shutdown
        await node.manager.assign(task)
        try await node.told(.shutdown)
        await node.manager.disconnect()
        try await node.skipSleep()
        try await eventually("a new session") { await node.manager.sessions == 2 }
        #expect(await node.engine.starts.isEmpty)
      }
    }
  }
}
