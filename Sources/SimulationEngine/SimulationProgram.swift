/// Runs a simulator: `NAME [--seed N] [--runs N] [--jobs N] [--trace]`.
package struct SimulationProgram<Run: SimulatedRun> {
  private let name: String
  /// What replays a seed, which follows it.
  private let replay: String

  package init(_ name: String, replay: String) {
    self.name = name
    self.replay = replay
  }

  /// - Returns: the exit code: 1 when a run broke a property, after the seed and the trace of the first such run were printed.
  package func run(_ arguments: some Sequence<String>) async -> Int32 {
    guard let options = SimulationOptions(arguments) else {
      print(SimulationOptions.usage(of: name))
      return 2
    }
    let clock = ContinuousClock()
    let started = clock.now
    let tally = await Self.soak(options)
    print(tally.report(seconds: (clock.now - started) / .seconds(1)))
    if let failure = tally.failures.min(by: { $0.seed < $1.seed }) {
      if !options.untilViolation { trace(failure.seed, options.lines) }
      return 1
    }
    if options.trace { trace(options.seed, options.lines) }
    return 0
  }

  /// Every job takes each so-manieth seed: which run is whose does not depend on how fast they are.
  private static func soak(_ options: SimulationOptions) async -> SimulationTally<Run> {
    await withTaskGroup(of: SimulationTally<Run>.self) { group in
      for job in 0..<UInt64(options.jobs) {
        group.addTask {
          var tally = SimulationTally<Run>()
          for offset in stride(from: job, to: options.runs, by: UInt64.Stride(options.jobs)) where tally.failures.isEmpty {
            tally.run(seed: options.seed + offset)
          }
          return tally
        }
      }
      return await group.reduce(into: SimulationTally<Run>()) { $0.add($1) }
    }
  }

  private func trace(_ seed: UInt64, _ lines: Int) {
    let run = Run(seed: seed, traceLines: lines)
    do throws(Run.Broken) {
      try run.run()
      print(run.trace.text)
    } catch {
      print("\(run.trace.text)\n\nseed \(seed) breaks \(error)\nreplay: \(replay) SEED=\(seed)")
    }
  }
}
