import Glibc
import RaftSimulator
import SimulationEngine

/// Runs the simulator: `raft-sim [--seed N] [--runs N] [--jobs N] [--trace]`.
///
/// Exits with 1 when a run breaks a property, after printing the seed and the trace of the first such run.
@main struct RaftSim {
  static func main() async {
    guard let options = SimulationOptions(CommandLine.arguments.dropFirst()) else {
      print(SimulationOptions.usage(of: "raft-sim"))
      exit(2)
    }
    let clock = ContinuousClock()
    let started = clock.now
    let tally = await soak(options)
    print(tally.report(seconds: (clock.now - started) / .seconds(1)))
    if let failure = tally.failures.min(by: { $0.seed < $1.seed }) {
      if !options.untilViolation { replay(failure.seed, options.lines) }
      exit(1)
    }
    if options.trace { replay(options.seed, options.lines) }
  }

  /// Every job takes each so-manieth seed: which run is whose does not depend on how fast they are.
  private static func soak(_ options: SimulationOptions) async -> Tally {
    await withTaskGroup(of: Tally.self) { group in
      for job in 0..<UInt64(options.jobs) {
        group.addTask {
          var tally = Tally()
          for offset in stride(from: job, to: options.runs, by: UInt64.Stride(options.jobs)) where tally.failures.isEmpty {
            tally.run(seed: options.seed + offset)
          }
          return tally
        }
      }
      return await group.reduce(into: Tally()) { $0.add($1) }
    }
  }

  private static func replay(_ seed: UInt64, _ lines: Int) {
    let simulation = Simulation(seed: seed, traceLines: lines)
    do throws(Violation) {
      try simulation.run()
      print(simulation.trace.text)
    } catch {
      print("\(simulation.trace.text)\n\nseed \(seed) breaks \(error)\nreplay: make sim SEED=\(seed)")
    }
  }
}
