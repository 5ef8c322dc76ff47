/// What a number of runs came to.
struct SimulationTally<Run: SimulatedRun>: Sendable {
  struct Failure: Sendable {
    var seed: UInt64
    var property: String
  }

  private var runs = 0
  private var events = 0
  private var figure = 0
  /// Seeds of runs that were judged in part.
  private var undecided: [UInt64] = []
  private var counts = Counts<Run.Happening>()
  private(set) var failures: [Failure] = []

  mutating func run(seed: UInt64) {
    let run = Run(seed: seed, traceLines: 0)
    do throws(Run.Broken) { try run.run() } catch { failures.append(Failure(seed: seed, property: error.property.rawValue)) }
    runs += 1
    events += run.events
    figure += run.figure
    counts.add(run.counts)
    if run.isUndecided { undecided.append(seed) }
  }

  mutating func add(_ other: Self) {
    runs += other.runs
    events += other.events
    figure += other.figure
    counts.add(other.counts)
    failures += other.failures
    undecided += other.undecided
  }

  func report(seconds: Double) -> String {
    var lines = ["\(runs) runs, \(events) events, \(figure) \(Run.figureName), \(failures.count) violations, \(Int(seconds.rounded())) s"]
    for happening in Run.Happening.allCases { lines.append("  \(counts[happening]) \(happening.rawValue)") }
    if !undecided.isEmpty { lines.append("too wide to be judged as a whole: seeds \(undecided.sorted().map(String.init).joined(separator: ", "))") }
    for failure in failures.sorted(by: { $0.seed < $1.seed }) { lines.append("seed \(failure.seed) breaks \(failure.property)") }
    return lines.joined(separator: "\n")
  }
}
