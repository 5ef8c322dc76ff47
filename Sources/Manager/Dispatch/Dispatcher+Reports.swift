package import ClusterModel
import Logging
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
      guard var task = transaction.view.task(report.update.taskID), task.nodeID == report.node else { continue }
      let status = report.update.status.bounded
      if task.status == status || !task.status.mayBeFollowed(by: status) { continue }
      guard budget.take(task) else { return position }
      let runsOn = task.status.state == .running && task.status.attempt == status.attempt
      if !runsOn { task.runningSince = status.state == .running ? now : nil }
      task.status = status
      if task.desiredState == .remove, status.state.isTerminal {
        try transaction.remove(task)
      } else {
        try transaction.put(task)
      }
    }
    return reports.count
  }
}

extension TaskStatus {
  /// With texts as long as a person reads: a registry's whole error page would make the change, and all reports stored with it, larger than
  /// the log takes.
  fileprivate var bounded: TaskStatus {
    var status = self
    status.message = message.clipped(toBytes: Self.longestText)
    status.health?.output = health?.output.clipped(toBytes: ProbeOutcome.longestOutput) ?? ""
    status.lastExit?.reason = lastExit?.reason.clipped(toBytes: Self.longestText) ?? ""
    status.lastExit?.lastLines = Self.bounded(lastExit?.lastLines)
    status.health?.lastLines = Self.bounded(health?.lastLines)
    return status
  }

  private static func bounded(_ lines: [String]?) -> [String] {
    (lines ?? []).suffix(ExitStatus.mostLastLines).map { $0.clipped(toBytes: ExitStatus.longestLastLine) }
  }

  fileprivate static let longestText = 4096
}
