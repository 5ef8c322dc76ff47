import ClusterModel
import TestKit
import Testing

@testable import Worker

/// What losing its manager means for a worker: nothing for its containers.
struct AgentSessionTests {
  @Test func aLostSessionStopsNothingAndReportsArriveAfterwards() async throws {
    try await AgentFixture.with { node in
      try await node.life { agent in
        await node.manager.assign(node.task("a"))
        await node.manager.assign(node.task("b") { $0.restart.condition = .none })
        let pid = try await node.told(.running, of: "a").pid
        try await node.told(.running, of: "b")

        await node.manager.refuse(WarrenError(.unavailable, "no manager here; try another"))
        try await eventually("it noticed") { await !agent.isConnected }
        await node.engine.exit("b-0", code: 5)
        try await eventually("b is cleaned up") { await !node.engine.inventory.contains("container b-0") }
        #expect(await node.engine.running == ["a-0": pid])
        await node.manager.refuse(nil)
        try await eventually("b's end is told") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          return await node.manager.status("b")?.state == .failed
        }
        #expect(await node.manager.status("b")?.lastExit?.code == 5)
        #expect(await node.engine.running == ["a-0": pid])
        #expect(await node.engine.starts == ["a": 1, "b": 1])
      }
    }
  }

  /// Every session must carry both directions, not only the first.
  @Test func manySessionsOneAfterTheOther() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        for round in 1...5 {
          let id = TaskID("t\(round)")
          await node.manager.assign(node.task(id))
          try await node.told(.running, of: id)
          await node.manager.disconnect()
          await node.engine.exit("\(id)-0", code: 1)
          try await eventually("the next session tells of the exit") {
            if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
            return await (node.manager.status(id)?.attempt ?? 0) > 0
          }
        }
      }
    }
  }

  @Test func reportsThatWereLostAreSentAgain() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        await node.manager.loseReports(2)
        await node.manager.assign(node.task())
        try await eventually("it is told at last") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          return await node.manager.status("t")?.state == .running
        }
        #expect(await node.engine.starts == ["t": 1])
      }
    }
  }

  @Test func attemptsAtASessionBackOff() async throws {
    try await AgentFixture.with { node in
      await node.manager.refuse(WarrenError(.unavailable, "no manager here; try another"))
      try await node.life { _ in
        var delays: [Duration] = []
        for _ in 0..<9 { delays.append(try await node.skipSleep()) }
        #expect(delays == [100, 200, 400, 800, 1600, 3200, 6400, 8000, 8000].map { .milliseconds($0) })
      }
    }
  }

  /// A manager that takes a session and drops it at once is not asked ten times a second.
  @Test func sessionsThatEndAtOnceBackOffToo() async throws {
    try await AgentFixture.with { node in
      try await node.life { agent in
        for delay in [100, 200, 400] {
          try await eventually("a session") { await agent.isConnected }
          await node.manager.disconnect()
          #expect(try await node.skipSleep() == .milliseconds(delay))
        }
        try await eventually("a session") { await agent.isConnected }
        node.clock.advance(by: .seconds(9))
        await node.manager.disconnect()
        #expect(try await node.skipSleep() == .milliseconds(100))
      }
    }
  }

  @Test func whatWasDecidedMeanwhileIsDone() async throws {
    try await AgentFixture.with { node in
      try await node.life { _ in
        for id in ["kept", "stopped", "forgotten"] as [TaskID] {
          await node.manager.assign(node.task(id))
          try await node.told(.running, of: id)
        }
        await node.manager.disconnect()
        await node.manager.want(.shutdown, of: "stopped")
        await node.manager.drop("forgotten")
        await node.manager.assign(node.task("new"))
        try await node.skipSleep()
        try await node.told(.shutdown, of: "stopped")
        try await node.told(.running, of: "new")
        try await eventually("only what is wanted runs") { await node.engine.running.keys.sorted() == ["kept-0", "new-0"] }
        try await eventually("logs are kept of what is known") { await !node.engine.inventory.contains("logs forgotten") }
        #expect(await node.engine.starts["kept"] == 1)
      }
    }
  }
}
