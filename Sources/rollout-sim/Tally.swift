import RolloutSimulator
import SimulationEngine

/// What a number of runs came to.
struct Tally: Sendable {
  struct Failure: Sendable {
    var seed: UInt64
    var violation: Violation
  }

  var runs = 0
  var events = 0
  var transactions = 0
  var counts = HappeningCounts()
  var failures: [Failure] = []

  mutating func run(seed: UInt64) {
    let simulation = RolloutSimulation(seed: seed)
    do throws(Violation) {
      try simulation.run()
    } catch {
      failures.append(Failure(seed: seed, violation: error))
    }
    runs += 1
    events += simulation.events
    transactions += simulation.transactions
    counts.add(simulation.counts)
  }

  mutating func add(_ other: Tally) {
    runs += other.runs
    events += other.events
    transactions += other.transactions
    counts.add(other.counts)
    failures += other.failures
  }

  func report(seconds: Double) -> String {
    var lines = ["\(runs) runs, \(events) events, \(transactions) steps judged, \(failures.count) violations, \(Int(seconds.rounded())) s"]
    for happening in Happening.allCases { lines.append("  \(counts[happening]) \(happening.rawValue)") }
    for failure in failures.sorted(by: { $0.seed < $1.seed }) { lines.append("seed \(failure.seed) breaks \(failure.violation.property.rawValue)") }
    return lines.joined(separator: "\n")
  }
}
