import ClusterModel
import MetricsTestKit
import TestKit
import Testing

@testable import Manager

@Suite struct StoreMetricsTests {
  private let metrics = TestMetrics()

  private func gauge(_ label: String, _ state: String? = nil) -> Double? {
    (try? metrics.expectRecorder(label, state.map { [("state", $0)] } ?? []))?.lastValue
  }
  private func counter(_ label: String, _ state: String? = nil) -> Int64? {
    (try? metrics.expectCounter(label, state.map { [("state", $0)] } ?? []))?.totalValue
  }

  @Test func showsWhatThereIsAndCountsWhatHappens() async throws {
    let store = ClusterStore(metrics: StoreMetrics(factory: metrics)) { .epoch }
    _ = MemoryLog(store)
    #expect(gauge("warren_services") == 0)
    #expect(gauge("warren_tasks", "running") == 0)

    func change(_ body: (inout ClusterTask) -> Void) async throws {
      try await store.update { transaction in
        guard var task = transaction.view.task("t") else { return }
        body(&task)
        try transaction.put(task)
      }
    }
    try await store.update { transaction in
      try transaction.put(makeService("web"))
      try transaction.put(makeNode("n"))
      try transaction.put(makeTask("t", service: "web"))
    }
    #expect([gauge("warren_services"), gauge("warren_nodes", "down"), gauge("warren_tasks", "pending")] == [1, 1, 1])
    try await change { $0.status.message = "the cluster has no nodes" }
    try await change {
      $0.nodeID = "n"
      $0.status = TaskStatus(state: .assigned)
    }
    try await change { ($0.status.state, $0.status.health) = (.running, TaskHealth(state: .starting, isReady: false)) }
    #expect(gauge("warren_tasks_not_ready") == 1)
    try await change { $0.status.health?.isReady = true }
    #expect(gauge("warren_tasks_not_ready") == 0)
    try await change { ($0.status.state, $0.status.attempt) = (.waiting, 2) }
    #expect([gauge("warren_tasks", "pending"), gauge("warren_tasks", "running"), gauge("warren_tasks", "waiting")] == [0, 0, 1])
    try await change { $0.status.state = .failed }
    #expect(counter("warren_scheduling_failures_total") == 1)
    #expect(counter("warren_task_placements_total") == 1)
    #expect(counter("warren_task_restarts_total") == 2)
    #expect(counter("warren_tasks_ended_total", "failed") == 1)
    #expect(counter("warren_tasks_ended_total", "shutdown") == 0)

    let (snapshot, index) = (try store.snapshot()(), store.view.index)
    try await store.update { transaction in
      if let task = transaction.view.task("t") { try transaction.remove(task) }
    }
    #expect(gauge("warren_tasks", "failed") == 0)
    try store.restore(snapshot, index: index)
    #expect(gauge("warren_tasks", "failed") == 1)
  }

  @Test func aReplayedPastIsNotCounted() async throws {
    let first = ClusterStore { .epoch }
    let log = MemoryLog(first)
    var task = makeTask("t", service: "web", node: "n")
    task.status.state = .failed
    try await first.update { [task] in try $0.put(task) }

    let second = ClusterStore(metrics: StoreMetrics(factory: metrics)) { .epoch }
    _ = try second.apply(log.commands.enumerated().map { CommittedEntry(index: UInt64($0 + 1), command: $1) })
    second.attach(to: log)
    #expect(counter("warren_tasks_ended_total", "failed") == 0)
    #expect(gauge("warren_tasks", "failed") == 1)
  }

  @Test(arguments: 1...5) func theCensusIsRightAfterAnyChanges(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var view = StoreView()
    var census = StoreCensus(view)
    for _ in 0..<500 {
      var task = makeTask("t\(Int.random(in: 0..<20, using: &random))", service: "web")
      task.status.state = TaskState.allCases.randomElement(using: &random) ?? .pending
      let old = view.task(task.id)
      let new = Int.random(in: 0..<4, using: &random) == 0 ? nil : task
      if let new { view.set(new) } else if let old { view.remove(old) }
      census.note(.task(old: old, new: new))
      #expect(census == StoreCensus(view))
    }
  }
}
