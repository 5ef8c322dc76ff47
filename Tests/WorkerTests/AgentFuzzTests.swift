import ClusterModel
import TestKit
import Testing

@testable import Worker

/// A worker to which everything happens, in any order. Afterwards exactly what is wanted runs, and nothing else is there.
struct AgentFuzzTests {
  private struct Storm {
    var random: SeededGenerator
    var assigned: [TaskID] = []

    mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    /// One thing that happens while the worker lives.
    mutating func strike(_ node: AgentFixture) async throws {
      switch number(0..<12) {
      case 0, 1:
        if assigned.count == 6 { return }
        let id = TaskID("t\(assigned.count)")
        assigned.append(id)
        await node.manager.assign(node.task(id))
      case 2:
        guard let id = assigned.randomElement(using: &random) else { return }
        await node.manager.want(number(0..<3) == 0 ? .remove : .shutdown, of: id)
      case 3: if let id = assigned.randomElement(using: &random), number(0..<4) == 0 { await node.manager.drop(id) }
      case 4, 5: if let id = await node.engine.running.keys.sorted().randomElement(using: &random) { await node.engine.exit(id, code: 1) }
      case 6: if let step = steps.randomElement(using: &random) { await node.engine.fail(step, .error(WarrenError(.internalError, "no luck"))) }
      case 7: if let step = steps.randomElement(using: &random) { await node.engine.fail(step, .stuck) }
      case 8: number(0..<2) == 0 ? await node.engine.goAway() : await node.engine.comeBack()
      case 9: await node.manager.disconnect()
      case 10: await node.manager.refuse(number(0..<3) == 0 ? WarrenError(.unavailable, "no manager here; try another") : nil)
      default: node.clock.advance(by: .milliseconds(number(1..<4000)))
      }
    }

    private var steps: [FakeEngine.Step] { FakeEngine.Step.allCases.filter { ![.listing, .recovering, .sweeping].contains($0) } }
  }

  @Test(arguments: 1...25) func afterAnyStormEverythingIsAsWanted(seed: UInt64) async throws {
    try await AgentFixture.with { node in
      var storm = Storm(random: SeededGenerator(seed: seed))
      for _ in 0..<storm.number(1..<5) {
        let strikes = storm.number(5..<40)
        try await node.life { _ in
          for _ in 0..<strikes {
            try await storm.strike(node)
            // Not a wait for anything: it moves the next strike to another moment of the agent's work.
            try await Task.sleep(for: .microseconds(storm.number(0..<1500)))
          }
        }
        if storm.number(0..<4) == 0 { await node.engine.losePower() }
      }
      await node.engine.heal()
      await node.engine.comeBack()
      await node.manager.refuse(nil)
      try await node.life { _ in
        try await eventually("everything is as wanted") {
          if let delay = node.clock.nextWakeup { node.clock.advance(by: delay) }
          return await isAsWanted(node)
        }
      }
    }
  }

  private func isAsWanted(_ node: AgentFixture) async -> Bool {
    let tasks = await node.manager.tasks
    var inventory: Set<String> = []
    for task in tasks {
      let state = task.status.state
      if task.desiredState != .running || state.isTerminal {
        guard state.isTerminal else { return false }
      } else {
        guard state == .running, let pid = await node.engine.running["\(task.id)-\(task.status.attempt)"], pid == task.status.pid else {
          return false
        }
        inventory.formUnion(["container \(task.id)-\(task.status.attempt)", "network \(task.id)-\(task.status.attempt)"])
      }
    }
    // Logs of a task that ended before it ever ran need not be there.
    let found = await node.engine.inventory
    return found.filter { !$0.hasPrefix("logs") } == inventory && found.isSubset(of: inventory.union(tasks.map { "logs \($0.id)" }))
  }
}
