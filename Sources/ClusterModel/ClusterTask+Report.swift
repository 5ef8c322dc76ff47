extension ClusterTask {
  /// What a worker's report makes of a task.
  package enum AfterReport: Equatable {
    /// It says nothing new, or what was true before what is known.
    case same
    case changed(ClusterTask)
    /// It was to be removed and has ended.
    case removed
  }

  /// - Parameter now: by the managers' clock.
  package func after(report: TaskStatus, at now: Timestamp) -> AfterReport {
    let next = report.bounded
    if status == next || !status.mayBeFollowed(by: next) { return .same }
    if desiredState == .remove, next.state.isTerminal { return .removed }
    var task = self
    let runsOn = status.state == .running && status.attempt == next.attempt
    if !runsOn { task.runningSince = next.state == .running ? now : nil }
    task.status = next
    return .changed(task)
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
