package import ClusterModel
import Logging
import Orchestration
import WarrenAPI

extension Dispatcher {
  /// Stores what a worker says about its tasks; returns once it is durable.
  ///
  /// Only steps forward are taken (`TaskStatus.mayBeFollowed`). A task that is to be removed and has ended is removed. For a task that does
  /// not exist the worker is told to remove it.
  /// - Throws: `permissionDenied`, and stores nothing, when one of the tasks is another node's.
  package func report(node: NodeID, _ updates: [TaskStatusUpdate]) async throws {
    if updates.isEmpty { return }
    let view = store.view
    for update in updates {
      if let owner = view.task(update.taskID)?.nodeID, owner != node {
        throw WarrenError(
          .permissionDenied, "Node \(node) reported on task \(update.taskID), which is on node \(owner). Nothing was stored; report own tasks only.")
      }
    }
    try await withCheckedThrowingContinuation { continuation in
      if reports.add(ReportQueue.Report(node: node, updates: updates, continuation: continuation)) {
        // Not the reporter's own task: its cancellation must not take the others' reports along.
        Task { await commitReports() }
      }
    }
  }

  private func commitReports() async {
    while let batch = reports.next() {
      do {
        try await commit(batch)
        for report in batch { report.continuation.resume() }
      } catch {
        for report in batch { report.continuation.resume(throwing: error) }
      }
    }
  }

  private func commit(_ batch: [ReportQueue.Report]) async throws {
    let updates = batch.flatMap { report in report.updates.map { StatusReport(node: report.node, update: $0) } }
    var rest = updates[...]
    while !rest.isEmpty {
      let done = try await store.update { [now = store.now] in try StatusReport.apply(rest, to: &$0, now: now()) }
      rest = rest.dropFirst(done)
    }
    let view = store.view
    let unknown = Dictionary(grouping: updates.filter { view.task($0.update.taskID) == nil }, by: \.node)
    for (node, updates) in unknown { sessions[node]?.sendRemoval(of: Set(updates.map(\.update.taskID)).sorted()) }
  }
}

/// One worker's word on one task.
struct StatusReport {
  var node: NodeID
  var update: TaskStatusUpdate

  /// Applies reports in order as far as one transaction can hold them; returns how many were dealt with.
  static func apply(_ reports: some Collection<StatusReport>, to transaction: inout StoreTransaction, now: Timestamp) throws -> Int {
    var budget = TransactionBudget()
    for (position, report) in reports.enumerated() {
      guard let task = transaction.view.task(report.update.taskID), task.nodeID == report.node else { continue }
      switch task.after(report: report.update.status, at: now) {
      case .same: continue
      case .changed(let next):
        guard budget.take(task) else { return position }
        try transaction.put(next)
      case .removed:
        guard budget.takeRemoval() else { return position }
        try transaction.remove(task)
      }
    }
    return reports.count
  }
}
