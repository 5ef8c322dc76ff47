import ClusterModel

extension TaskMachine {
  /// Returns the first probe of each check.
  mutating func beginCheckup(at start: Timestamp, continuing health: TaskHealth? = nil) -> [Action] {
    let checkup = Checkup(of: container.task, startedAt: start, continuing: health)
    self.checkup = checkup
    record.status.health = checkup?.health
    return checkup?.roles.compactMap { role in checkup?.check(role).map { .probe(role, $0, after: .zero) } } ?? []
  }

  mutating func probed(_ role: Checkup.Role, _ outcome: ProbeOutcome?, since start: Timestamp, now: Timestamp) -> [Action] {
    guard var checkup, let check = checkup.check(role) else { return [] }
    if let outcome { checkup.take(outcome, of: role, now: now) }
    let lines = outcome?.lastLines ?? []
    self.checkup = checkup
    if let reason = checkup.isDead {
      phase = .stopping
      ranFor = now - start
      let stopping = report(.stopping, reason.isEmpty ? "unhealthy" : "unhealthy: \(reason)", now)
      // Saved with the reason, so that it is one also after a restart of the worker.
      return [.save, stopping, .stop]
    }
    return note(checkup.health, lines, now: now) + [.probe(role, check, after: checkup.pause(role))]
  }

  private mutating func note(_ health: TaskHealth, _ lastLines: [String], now: Timestamp) -> [Action] {
    let before = record.status.health
    let isNews = before?.isReady != health.isReady || before?.state != health.state
    // A log that goes on is no news.
    guard isNews || (before?.output != health.output && now >= healthReportedAt + Self.wordsInterval) else { return [] }
    healthReportedAt = now
    record.status.health = health
    record.status.health?.lastLines = health.output.isEmpty ? [] : lastLines
    let report = Action.report(record.status)
    guard before?.isReady != health.isReady, !record.status.isStandby else { return isNews ? [.save, report] : [report] }
    return [.save, .publish(health.isReady), report]
  }

  /// Takes a running task out of its published ports, or back into them, when that is what its manager wants now.
  mutating func lead(_ isStandby: Bool) -> [Action] {
    record.task.isStandby = isStandby
    guard case .running = phase, record.status.isStandby != isStandby else { return [] }
    record.status.isStandby = isStandby
    return record.status.isUp ? [.publish(!isStandby), .report(record.status)] : [.report(record.status)]
  }

  /// The container was stopped because it was unwell, which is a failure whatever its exit code.
  mutating func wasUnwell(_ exit: ExitStatus?, now: Timestamp) -> [Action] {
    let reason = record.status.message
    record.status.lastExit = ExitStatus(code: exit?.code ?? -1, reason: reason, at: exit?.at ?? now)
    return decide(.exited(code: -1), ranFor: max(ranFor, .zero), message: reason, now: now)
  }

  /// The worker ended while the container was being stopped because it was unwell.
  mutating func resumeStopping(_ found: RuntimeContainer.State?, now: Timestamp) -> [Action]? {
    switch found {
    case .running:
      phase = .stopping
      return [.report(record.status), .stop]
    case .exited(let exit): return wasUnwell(exit, now: now)
    case .created, .lost, nil: return nil
    }
  }
}
