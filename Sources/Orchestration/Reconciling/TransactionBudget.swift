package import ClusterModel

/// Keeps one transaction within what the log takes as one command.
package struct TransactionBudget {
  private(set) var remaining: Int
  /// Something did not fit: there is more to do in a further transaction.
  package private(set) var isExhausted = false
  private var isUntouched = true

  package init(bytes: Int) { remaining = bytes }

  /// Whether one more task fits; the first always does.
  package mutating func take(_ task: ClusterTask) -> Bool { take(task.spec.approximateBytes + task.status.message.utf8.count + 512) }

  /// Whether a service fits, with the templates that it had; the first always does.
  package mutating func take(_ service: ClusterService) -> Bool {
    take(service.revisions.reduce(service.spec.task.approximateBytes + 4096) { $0 + $1.task.approximateBytes + 512 })
  }

  /// Whether one more removal fits; the first always does.
  package mutating func takeRemoval() -> Bool { take(64) }

  private mutating func take(_ size: Int) -> Bool {
    if !isUntouched, size > remaining {
      isExhausted = true
      return false
    }
    isUntouched = false
    remaining -= size
    return true
  }
}
