import ClusterModel

extension ServicePlanner {
  enum Verdict: Equatable {
    case keep
    /// Replace the task, not before `due`.
    case replace(due: Timestamp)
  }

  static let firstDelay: Duration = .seconds(1)
  static let longestDelay: Duration = .seconds(60)
  /// Replacements further apart than this are not one series.
  static let seriesGap: Duration = .seconds(180)

  /// Whether a task that is meant to run can stay. The worker restarts containers by itself, so a manager replaces a task only when it
  /// is of another revision than its slot has come to, when its worker cannot run it, or when it may not be (or is no longer) where it is.
  func verdict(on task: ClusterTask, _ template: Template, history: [ClusterTask]) -> Verdict {
    if task.revision != template.number { return .replace(due: now) }
    if task.hasGivenUp { return .keep }
    switch task.status.state {
    case .rejected, .shutdown: return .replace(due: earliestReplacement(of: task, history: history))
    case .orphaned: return .replace(due: now)
    default: break
    }
    // One that waits for a place is where it has to be.
    guard let id = task.nodeID, task.isPlaced else { return .keep }
    let rules = rules(of: task)
    guard let node = nodes[id], rules.allow(node) else { return .replace(due: now) }
    // With nowhere else to go, the task waits for its node: the container may well be running, and would have to be stopped then.
    if node.state == .down, task.slot > 0, hasAlternative(to: id, rules) { return .replace(due: now) }
    return .keep
  }

  private func hasAlternative(to id: NodeID, _ rules: PlacementRules) -> Bool {
    nodes.nodes.values.contains { $0.id != id && $0.state == .ready && rules.allow($0) }
  }

  /// Each task of a series of rejected ones waits twice as long as the one before, 1 s to 60 s, so that a slot nobody can run does not
  /// spin. The series is read from the times in the history: nothing has to be remembered elsewhere.
  private func earliestReplacement(of task: ClusterTask, history: [ClusterTask]) -> Timestamp {
    let earlier = history.filter { $0.id != task.id && $0.meta.createdAt <= task.meta.createdAt }.sorted(by: Self.isNewer).first
    guard let earlier, earlier.status.state == .rejected, earlier.revision == task.revision else { return task.meta.createdAt + Self.firstDelay }
    let gap = task.meta.createdAt - earlier.meta.createdAt
    if gap > Self.seriesGap { return task.meta.createdAt + Self.firstDelay }
    return task.meta.createdAt + min(max(gap * 2, Self.firstDelay), Self.longestDelay)
  }
}
