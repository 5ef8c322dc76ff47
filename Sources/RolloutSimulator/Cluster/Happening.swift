package import SimulationEngine

/// What happens in a run; each is counted, so that a soak shows what it exercised.
package enum Happening: String, CaseIterable, Sendable {
  case update, rollback, pause, resume, promote, scale
  case forcedUpdate = "forced update"
  case updateBack = "update to a template it had"
  case policyChange = "policy change"
  case completed = "rollout completed"
  case staged = "rollout staged"
  case failedAndPaused = "paused by failures"
  case failedAndRolledBack = "rolled back by failures"
  case crash = "container ended"
  case couldNotStart = "container could not start"
  case givenUp = "task given up"
  case rejected = "image rejected"
  case notReady = "readiness lost"
  case drain
  case drainDeadline = "drain deadline passed"
  case activate = "node activated"
  case cutOff = "node cut off"
  case machineDeath = "machine death"
  case nodeDown = "node down"
  case nodeReplaced = "node replaced"
  case leaderDeath = "leader death"
  case transactionCut = "transaction cut by its budget"
  case deathInTheMiddle = "leader death between two transactions of a step"
}

package typealias HappeningCounts = Counts<Happening>
