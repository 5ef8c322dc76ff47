import ClusterModel
import TestKit
import Testing

@testable import Worker

/// Checks of tasks on a worker: what is published, and what is told.
struct AgentHealthTests {
  private let readiness = HealthCheck(.http(port: 80, path: "/"))

  private func isReady(_ node: AgentFixture, _ wanted: Bool) async throws {
    try await eventually("its readiness is \(wanted)") { await node.manager.status("t")?.health?.isReady == wanted }
    try await eventually("the ports follow") { await node.engine.published == (wanted ? ["t-0"] : []) }
  }

  @Test func readinessLeadsThePorts() async throws {
    try await AgentFixture.with { node in
      await node.engine.setIll("t", "HTTP 503")
      try await node.life { _ in
        await node.manager.assign(node.task { $0.readiness = readiness })
        try await node.told(.running)
        try await isReady(node, false)
        await node.engine.setIll("t", nil)
        try await node.skipSleep()
        try await isReady(node, true)
      }
      // The next life goes on with it, before it has asked.
      await node.engine.fail(.probing, .stuck)
      try await node.life { _ in
        try await node.told(.running)
        try await isReady(node, true)
      }
    }
  }

  /// A port that cannot be led to the task must keep it neither from being stopped nor come after its end.
  @Test func whatIsStuckWithThePortsKeepsNothingFromStopping() async throws {
    try await AgentFixture.with { node in
      await node.engine.fail(.publishing, .stuck)
      try await node.life { _ in
        await node.manager.assign(node.task { $0.readiness = readiness })
        try await eventually("it is being published") { await node.engine.reached.contains(.publishing) }
        await node.manager.want(.remove, of: "t")
        try await node.gone()
        try await node.nothingLeft()
        #expect(await node.engine.published.isEmpty)
      }
    }
  }

  @Test func whatIsUnwellIsRestarted() async throws {
    try await AgentFixture.with { node in
      var liveness = readiness
      (liveness.retries, liveness.interval) = (1, .seconds(1))
      try await node.life { _ in
        await node.manager.assign(node.task { $0.liveness = liveness })
        try await node.told(.running)
        await node.engine.setIll("t", "no answer within 3s")
        try await node.skipSleep()
        let waiting = try await node.told(.waiting)
        #expect(waiting.lastExit?.reason == "unhealthy: no answer within 3s" && waiting.health == nil)
        await node.engine.setIll("t", nil)
        try await node.skipSleep()
        try await node.told(.running, attempt: 1)
      }
    }
  }

  @Test func theImagesCheckIsTold() async throws {
    try await AgentFixture.with { node in
      await node.engine.setCheck(readiness, of: "web")
      try await node.life { _ in
        await node.manager.assign(node.task())
        try await isReady(node, true)
        #expect(await node.manager.status("t")?.imageCheck == readiness)
      }
    }
  }
}
