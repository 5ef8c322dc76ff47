import ClusterModel
package import Metrics
import Orchestration

/// What the metrics page tells of the cluster's state and of what happens to its tasks.
package struct StoreMetrics: Sendable {
  private let services: Gauge
  private let tasks: [TaskState: Gauge]
  private let unready: Gauge
  private let nodes: [ClusterNode.State: Gauge]
  private let placements: Counter
  private let failures: Counter
  private let restarts: Counter
  private let ended: [TaskState: Counter]

  package init(factory: any MetricsFactory = MetricsSystem.factory) {
    func dimension(_ state: some Any) -> [(String, String)] { [("state", "\(state)")] }
    func gauge(_ label: String, _ dimensions: [(String, String)] = []) -> Gauge {
      let handler = factory.makeRecorder(label: label, dimensions: dimensions, aggregate: false)
      return Gauge(label: label, dimensions: dimensions, aggregate: false, handler: handler)
    }
    services = gauge("warren_services")
    tasks = Dictionary(
      uniqueKeysWithValues: TaskState.allCases.map { ($0, gauge("warren_tasks", dimension($0))) })
    unready = gauge("warren_tasks_not_ready")
    nodes = Dictionary(
      uniqueKeysWithValues: [.ready, .down].map { ($0, gauge("warren_nodes", dimension($0))) })
    placements = Counter(label: "warren_task_placements_total", factory: factory)
    failures = Counter(label: "warren_scheduling_failures_total", factory: factory)
    restarts = Counter(label: "warren_task_restarts_total", factory: factory)
    ended = Dictionary(
      uniqueKeysWithValues: TaskState.allCases.filter(\.isTerminal).map {
        ($0, Counter(label: "warren_tasks_ended_total", dimensions: dimension($0), factory: factory))
      })
  }

  /// Sets every gauge.
  func show(_ census: StoreCensus) {
    services.record(census.services)
    for (state, gauge) in tasks { gauge.record(census.tasks[state] ?? 0) }
    unready.record(census.unready)
    for (state, gauge) in nodes { gauge.record(census.nodes[state] ?? 0) }
  }

  func count(_ change: StoreChange) {
    guard case .task(let old, let new?) = change else { return }
    if new.isPlaced, old?.isPlaced != true { placements.increment() }
    if !new.isPlaced, !new.status.message.isEmpty, old?.status.message != new.status.message { failures.increment() }
    if let old, new.status.attempt > old.status.attempt { restarts.increment(by: new.status.attempt - old.status.attempt) }
    if old?.status.state != new.status.state { ended[new.status.state]?.increment() }
  }
}
