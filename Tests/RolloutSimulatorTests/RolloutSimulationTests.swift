import RolloutSimulator
import Testing

/// Whole runs, few of them: ten thousand, and the proof that bugs are found, are `scripts/sim.sh`'s business, in an optimised build.
@Suite struct RolloutSimulationTests {
  @Test(arguments: 1...20) func aRunKeepsEveryPromise(seed: UInt64) throws {
    let simulation = RolloutSimulation(seed: seed)
    try simulation.run()
    #expect(simulation.transactions > 0)
  }

  @Test func aSeedDecidesEverything() throws {
    let one = RolloutSimulation(seed: 42)
    let again = RolloutSimulation(seed: 42)
    let other = RolloutSimulation(seed: 43)
    for simulation in [one, again, other] { try simulation.run() }
    #expect(one.digest == again.digest)
    #expect(one.events == again.events)
    #expect(one.digest != other.digest)
  }

  @Test func theTraceDoesNotChangeTheRun() throws {
    let silent = RolloutSimulation(seed: 7)
    let traced = RolloutSimulation(seed: 7, traceLines: 10)
    try silent.run()
    try traced.run()
    #expect(silent.digest == traced.digest)
    #expect(silent.trace.text.isEmpty)
    #expect(traced.trace.text.split(separator: "\n").count == 10)
  }
}
