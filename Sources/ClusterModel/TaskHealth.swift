/// What the checks of a running task have found.
package struct TaskHealth: Hashable, Sendable {
  package enum State: UInt8, Sendable {
    /// Some check has not succeeded yet.
    case starting = 1
    case healthy
    case unhealthy
  }

  package var state: State
  /// Whether it counts as up and is in its published ports.
  package var isReady: Bool
  /// Of the probe that failed last; empty when all is well.
  package var output: String
  /// Of its log, when it became unhealthy.
  package var lastLines: [String] = []
  package var unknown = UnknownFields()

  package init(state: State, isReady: Bool, output: String = "") {
    self.state = state
    self.isReady = isReady
    self.output = output
  }
}
