import ArgumentParser
import ClusterModel

/// How tasks are replaced by those of another revision: in which way, six options for updates, the same six for rollbacks.
struct RolloutOptions: ParsableArguments {
  enum Order: String, Choice {
    case startFirst = "start-first"
    case stopFirst = "stop-first"

    var value: UpdatePolicy.Order { self == .startFirst ? .startFirst : .stopFirst }
  }
  enum FailureAction: String, Choice {
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

  enum Strategy: String, Choice {
    case rolling
    case blueGreen = "blue-green"
    case canary
  }

  @Option(help: "rolling, blue-green (all new tasks beside the old ones) or canary (a share first), which wait for 'promote' (default: rolling).")
  var strategy: Strategy?
  @Option(
    help: ArgumentHelp("Share of a canary, or several, each the next after a 'promote' (default: 10).", valueName: "%,…"),
    transform: CanaryWeights.parse)
  var canaryWeight: [Int]?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How long the old tasks of a blue-green update are kept after its 'promote' (default: 5m).", valueName: "duration"),
    transform: DurationText.parse)
  var blueGreenKeep: Duration?

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

  static let defaultKeep = Duration.seconds(300)
  static let defaultWeights = [10]

  /// Changes what was given.
  /// - Throws: `invalidArgument` when an option is of another strategy.
  func apply(to spec: inout ServiceSpec) throws(WarrenError) {
    spec.update.strategy = try changed(spec.update.strategy)
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

  private func changed(_ old: UpdatePolicy.Strategy) throws(WarrenError) -> UpdatePolicy.Strategy {
    let isBlueGreen = if case .blueGreen = old { true } else { false }
    let isCanary = if case .canary = old { true } else { false }
    let name: Strategy = strategy ?? (isBlueGreen ? .blueGreen : isCanary ? .canary : .rolling)
    if canaryWeight != nil, name != .canary {
      throw .invalid("--canary-weight is not possible", "the strategy is \(name.rawValue)", "give --strategy canary as well")
    }
    if blueGreenKeep != nil, name != .blueGreen {
      throw .invalid("--blue-green-keep is not possible", "the strategy is \(name.rawValue)", "give --strategy blue-green as well")
    }
    switch name {
    case .rolling: return .rolling
    case .blueGreen:
      if blueGreenKeep == nil, isBlueGreen { return old }
      return .blueGreen(keep: blueGreenKeep ?? Self.defaultKeep)
    case .canary:
      if canaryWeight == nil, isCanary { return old }
      return .canary(weights: canaryWeight ?? Self.defaultWeights)
    }
  }
}
