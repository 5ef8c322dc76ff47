import ArgumentParser
import ClusterModel

/// How tasks are replaced by those of another revision: six options for updates, the same six for rollbacks.
struct RolloutOptions: ParsableArguments {
  enum Order: String, CaseIterable, ExpressibleByArgument, Sendable {
    case startFirst = "start-first"
    case stopFirst = "stop-first"

    var value: UpdatePolicy.Order { self == .startFirst ? .startFirst : .stopFirst }
  }
  enum FailureAction: String, CaseIterable, ExpressibleByArgument, Sendable {
    case pause, rollback
    case proceed = "continue"

    var value: UpdatePolicy.FailureAction {
      switch self {
      case .pause: .pause
      case .rollback: .rollback
      case .proceed: .proceed
      }
    }
  }

  @Option(help: ArgumentHelp("Replace so many tasks at a time (default: 1; 0 for all).", valueName: "n|%"), transform: ParallelismText.parse)
  var updateParallelism: UpdatePolicy.Parallelism?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Wait between one replacement and the next (default: 0s).", valueName: "duration"),
    transform: DurationText.parse)
  var updateDelay: Duration?
  @Option(help: "start-first, or stop-first (default: start-first where the two tasks do not get in each other's way).") var updateOrder: Order?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("How long a new task has to stay up before it counts (default: 5s).", valueName: "duration"),
    transform: DurationText.parse)
  var updateMonitor: Duration?
  @Option(help: "What to do when new tasks fail: pause, rollback or continue (default: pause).") var updateFailureAction: FailureAction?
  @Option(parsing: .unconditional, help: ArgumentHelp("Which part of the tasks may fail, 0 to 1 (default: 0).", valueName: "ratio"))
  var updateMaxFailureRatio: Double?

  @Option(help: ArgumentHelp("The same for a rollback.", valueName: "n|%"), transform: ParallelismText.parse)
  var rollbackParallelism: UpdatePolicy.Parallelism?
  @Option(parsing: .unconditional, help: ArgumentHelp("The same for a rollback.", valueName: "duration"), transform: DurationText.parse)
  var rollbackDelay: Duration?
  @Option(help: "The same for a rollback.") var rollbackOrder: Order?
  @Option(parsing: .unconditional, help: ArgumentHelp("The same for a rollback.", valueName: "duration"), transform: DurationText.parse)
  var rollbackMonitor: Duration?
  @Option(help: "The same for a rollback: pause or continue.") var rollbackFailureAction: FailureAction?
  @Option(parsing: .unconditional, help: ArgumentHelp("The same for a rollback.", valueName: "ratio")) var rollbackMaxFailureRatio: Double?

  /// Changes what was given.
  func apply(to spec: inout ServiceSpec) {
    if let updateParallelism { spec.update.parallelism = updateParallelism }
    if let updateDelay { spec.update.delay = updateDelay }
    if let updateOrder { spec.update.order = updateOrder.value }
    if let updateMonitor { spec.update.monitor = updateMonitor }
    if let updateFailureAction { spec.update.failureAction = updateFailureAction.value }
    if let updateMaxFailureRatio { spec.update.maxFailureRatio = updateMaxFailureRatio }
    if let rollbackParallelism { spec.rollback.parallelism = rollbackParallelism }
    if let rollbackDelay { spec.rollback.delay = rollbackDelay }
    if let rollbackOrder { spec.rollback.order = rollbackOrder.value }
    if let rollbackMonitor { spec.rollback.monitor = rollbackMonitor }
    if let rollbackFailureAction { spec.rollback.failureAction = rollbackFailureAction.value }
    if let rollbackMaxFailureRatio { spec.rollback.maxFailureRatio = rollbackMaxFailureRatio }
  }
}
