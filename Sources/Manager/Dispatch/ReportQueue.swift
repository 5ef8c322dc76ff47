import ClusterModel

/// Reports waiting to be stored. While one batch is being committed the next one collects, so a burst costs few commits and a single
/// report no waiting.
struct ReportQueue {
  struct Report {
    var node: NodeID
    var updates: [TaskStatusUpdate]
    var continuation: CheckedContinuation<Void, any Error>
  }

  private var waiting: [Report] = []
  private var isCommitting = false

  var count: Int { waiting.count }

  /// True when the caller has to start committing.
  mutating func add(_ report: Report) -> Bool {
    waiting.append(report)
    defer { isCommitting = true }
    return !isCommitting
  }

  /// The next batch; nil when there is none, and committing has ended.
  mutating func next() -> [Report]? {
    if waiting.isEmpty {
      isCommitting = false
      return nil
    }
    defer { waiting = [] }
    return waiting
  }
}
