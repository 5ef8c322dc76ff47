/// A property that rollouts promise and a run broke.
package struct Violation: Error, Equatable, CustomStringConvertible {
  package enum Property: String, Sendable {
    case serving = "a rollout takes no more tasks than its policy allows"
    case proof = "a task has proved itself when it was up for the monitor time"
    case order = "start-first stops no task before the next one has proved itself; stop-first starts none before"
    case pace = "parallelism and delay are respected"
    case failures = "each failed task counts once, others never, and the policy's action follows"
    case pause = "a paused rollout begins no further slot"
    case forward = "a slot never goes back within a rollout"
    case revisions = "revisions are unique, at most ten, and mean what they meant"
    case uniqueness = "a slot has one task of a revision"
    case completion = "a rollout is complete when all slots are"
    case stages = "nothing goes beyond what was promoted, and nothing waits to be promoted before it is that far"
    case drain = "nothing stays on a node past its drain's deadline"
    case consistency = "no step is refused by the store"
    case convergence = "the declared state is reached when trouble ends"
    case rest = "nothing more happens when it is reached"
  }

  package var property: Property
  package var detail: String

  package init(_ property: Property, _ detail: String) {
    self.property = property
    self.detail = detail
  }

  package var description: String { "\(property.rawValue): \(detail)" }
}
