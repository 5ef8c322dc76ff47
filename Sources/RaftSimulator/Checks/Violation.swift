/// A property that Raft promises and a run broke.
package struct Violation: Error, Equatable, CustomStringConvertible {
  package enum Property: String, Sendable {
    case electionSafety = "election safety: one leader a term"
    case leaderAppendOnly = "leader append-only"
    case logMatching = "log matching"
    case leaderCompleteness = "leader completeness"
    case stateMachineSafety = "state-machine safety"
    case ownTermCommits = "only an entry of the leader's own term is committed by counting"
    case committedIsDurable = "committed entries are on a quorum's synced disks"
    case committedIsFinal = "committed entries never change"
    case commitIsMonotonic = "the commit index never goes back"
    case voteIsFixed = "a vote is fixed within its term"
    case termIsMonotonic = "the term never goes back"
    case durableBeforeSent = "nothing is sent before what it depends on is durable"
    case consistency = "a correct member never refuses what a correct member sends, nor its own disk"
    case linearizability
    case liveness = "liveness after healing"
    case agreement = "all members equal after healing"
  }

  package var property: Property
  package var detail: String

  package init(_ property: Property, _ detail: String) {
    self.property = property
    self.detail = detail
  }

  package var description: String { "\(property.rawValue): \(detail)" }
}
