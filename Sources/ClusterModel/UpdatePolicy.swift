/// How the tasks of a service are replaced when their template changes. A slot is replaced when its new task has been up for `monitor`.
package struct UpdatePolicy: Hashable, Sendable {
  package enum Order: UInt8, Sendable {
    /// The old task goes when the new one has proved itself: for a while there are two.
    case startFirst = 1
    /// The new task is made when the old one has stopped.
    case stopFirst
  }

  package enum FailureAction: UInt8, Sendable { case pause = 1, rollback, proceed }

  package enum Parallelism: Hashable, Sendable {
    /// 0 means all of them.
    case slots(Int)
    /// Of all slots, rounded down, but one at least.
    case percent(Int)
  }

  /// How the tasks of the new revision take over.
  package enum Strategy: Hashable, Sendable {
    /// Slot by slot.
    case rolling
    /// All of them start beside the old ones and serve when they are promoted; the old ones are kept aside for so long then.
    case blueGreen(keep: Duration)
    /// Slot by slot up to a share of all slots in percent; each promotion leads to the next share, the last one to all.
    case canary(weights: [Int])
  }

  package var strategy = Strategy.rolling
  /// How many slots are replaced at the same time.
  package var parallelism = Parallelism.slots(1)
  /// Between the end of one replacement and the begin of the next.
  package var delay: Duration = .zero
  /// Nil means start-first where that is possible: see `ServiceSpec.order(of:)`.
  package var order: Order?
  /// How long a new task has to stay up before it is taken for good. A task that ends, or cannot be started, before that has failed.
  package var monitor: Duration = .seconds(5)
  package var failureAction = FailureAction.pause
  /// Which part of the slots may fail without consequences: 0 none, 1 all.
  package var maxFailureRatio = 0.0
  package var unknown = UnknownFields()

  package init() {}

  /// - Parameter total: of all slots.
  package func slotsAtOnce(of total: Int) -> Int {
    switch parallelism {
    case .slots(0): total
    case .slots(let count): count
    case .percent(let percent): max(1, total * percent / 100)
    }
  }
}

extension ServiceSpec {
  /// In which order the two tasks of a slot run, and, when that was not asked for, why.
  package func order(of policy: UpdatePolicy) -> (order: UpdatePolicy.Order, reason: String?) {
    if let order = policy.order { return (order, nil) }
    if task.network == .host, !task.ports.isEmpty { return (.stopFirst, "with the host's network two tasks cannot have the same port") }
    if task.placement.maxPerNode > 0 { return (.stopFirst, "the number of tasks on a node is limited") }
    if let mount = task.container.mounts.first(where: { $0.isShared }) {
      return (.stopFirst, "two tasks of a slot would write to \(mount.target) at once")
    }
    return (.startFirst, nil)
  }
}

extension Mount {
  /// Whether a second container on the node would write where the first does.
  fileprivate var isShared: Bool { kind != .tmpfs && !readOnly }
}
