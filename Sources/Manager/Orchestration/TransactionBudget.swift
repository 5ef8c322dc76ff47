import ClusterModel

/// Keeps one transaction within what the log takes as one command.
struct TransactionBudget {
  /// Two thirds of the largest command: the estimate of a task's size is a little rough.
  private(set) var remaining = maximumCommandSize * 2 / 3
  /// Something did not fit: there is more to do in a further transaction.
  private(set) var isExhausted = false
  private var isUntouched = true

  /// Whether one more task fits; the first always does.
  mutating func take(_ task: ClusterTask) -> Bool {
    let size = task.spec.approximateBytes + task.status.message.utf8.count + 512
    if !isUntouched, size > remaining {
      isExhausted = true
      return false
    }
    isUntouched = false
    remaining -= size
    return true
  }
}
