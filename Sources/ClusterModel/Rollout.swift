/// The last change of a service's template: how its slots come, or came, from one revision to another. Whichever manager leads advances it
/// by what is in the store, so that it goes on after any other has ended.
package struct Rollout: Hashable, Sendable {
  package enum Kind: UInt8, Sendable { case update = 1, rollback }
  package enum State: UInt8, Sendable {
    case running = 1, paused, completed
    /// As far as it goes until somebody promotes it.
    case staged
    /// Blue-green: the new tasks serve, the old ones are kept aside.
    case promoted
  }

  package var kind: Kind
  package var state = State.running
  /// The policy's when it began; a rollback is always rolling.
  package var strategy = UpdatePolicy.Strategy.rolling
  /// The last revision that was rolled out to its end, or was the service's first, or that a rollback was on its way to.
  package var from: UInt64
  package var to: UInt64
  package var startedAt: Timestamp
  package var endedAt: Timestamp?
  /// Why it is paused, or why it is a rollback; for people.
  package var message = ""
  /// How many new tasks have failed, since it was last resumed.
  package var failures = 0
  /// Those that were counted, since it began.
  package var failedTasks: [TaskID] = []
  /// Of the log of the task that failed last.
  package var lastLines: [String] = []
  /// Of a canary, so far.
  package var promotions = 0
  /// Of a blue-green rollout.
  package var promotedAt: Timestamp?
  package var unknown = UnknownFields()

  package init(_ kind: Kind, from: UInt64, to: UInt64, at time: Timestamp) {
    self.kind = kind
    self.from = from
    self.to = to
    startedAt = time
  }

  package var isOver: Bool { state == .completed }

  package var isBlueGreen: Bool { if case .blueGreen = strategy { true } else { false } }

  /// How many slots it may bring to its revision before it has to be promoted; nil for all.
  /// - Parameter total: of all slots.
  package func share(of total: Int) -> Int? {
    guard case .canary(let weights) = strategy, promotions < weights.count else { return nil }
    let share = max(1, (total * weights[promotions] + 99) / 100)
    return share < total ? share : nil
  }
}

/// A template that a service has had, and may have again.
package struct ServiceRevision: Hashable, Sendable {
  package var number: UInt64
  package var task: TaskSpec
  /// When it became the service's.
  package var madeAt: Timestamp
  package var unknown = UnknownFields()

  package init(number: UInt64, task: TaskSpec, madeAt: Timestamp) {
    self.number = number
    self.task = task
    self.madeAt = madeAt
  }
}
