import RaftSimulator
import Testing

/// Whole runs, few of them: thousands, and the proof that bugs are found, are `scripts/sim.sh`'s business, in an optimised build.
@Suite struct SimulationTests {
  @Test(arguments: 1...20) func aRunKeepsEveryPromise(seed: UInt64) throws {
    let simulation = Simulation(seed: seed)
    try simulation.run()
    #expect(simulation.operations > 0)
  }

  @Test func aSeedDecidesEverything() throws {
    let one = Simulation(seed: 42)
    let again = Simulation(seed: 42)
    let other = Simulation(seed: 43)
    for simulation in [one, again, other] { try simulation.run() }
    #expect(one.digest == again.digest)
    #expect(one.events == again.events)
    #expect(one.digest != other.digest)
  }

  @Test func theTraceDoesNotChangeTheRun() throws {
    let silent = Simulation(seed: 5)
    let traced = Simulation(seed: 5, traceLines: 10)
    try silent.run()
    try traced.run()
    #expect(silent.digest == traced.digest)
    #expect(silent.trace.text.isEmpty)
    #expect(traced.trace.text.split(separator: "\n").count == 10)
  }
}
