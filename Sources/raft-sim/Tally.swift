import RaftSimulator
import SimulationEngine

/// What a number of runs came to.
struct Tally: Sendable {
  struct Failure: Sendable {
    var seed: UInt64
    var violation: Violation
  }

  var runs = 0
  var events = 0
  var operations = 0
  /// Seeds with a history that was not judged.
  var undecided: [UInt64] = []
  var counts = FaultCounts()
  var failures: [Failure] = []

  mutating func run(seed: UInt64) {
    let simulation = Simulation(seed: seed)
    do throws(Violation) {
      try simulation.run()
    } catch {
      failures.append(Failure(seed: seed, violation: error))
    }
    runs += 1
    events += simulation.events
    operations += simulation.operations
    counts.add(simulation.counts)
    if simulation.undecided > 0 { undecided.append(seed) }
  }

  mutating func add(_ other: Tally) {
    runs += other.runs
    events += other.events
    operations += other.operations
    counts.add(other.counts)
    failures += other.failures
    undecided += other.undecided
  }

  func report(seconds: Double) -> String {
    var lines = ["\(runs) runs, \(events) events, \(operations) client operations, \(failures.count) violations, \(Int(seconds.rounded())) s"]
    for fault in Fault.allCases {
      lines.append("  \(counts[fault]) \(fault.rawValue)")
    }
    if !undecided.isEmpty { lines.append("a history too wide to be judged: seeds \(undecided.sorted().map(String.init).joined(separator: ", "))") }
    for failure in failures.sorted(by: { $0.seed < $1.seed }) { lines.append("seed \(failure.seed) breaks \(failure.violation.property.rawValue)") }
    return lines.joined(separator: "\n")
  }
}
