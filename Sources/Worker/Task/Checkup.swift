import ClusterModel

/// What the checks of one attempt of a task have found, and when they are due. Told of outcomes; knows no clock.
package struct Checkup: Sendable {
  /// What a check decides.
  package enum Role: Sendable, Hashable {
    case readiness
    case liveness
    /// The image's check: until its first success the task is not ready, and when it fails the container is restarted.
    case image
  }

  private struct Findings: Sendable {
    let check: HealthCheck
    var hasSucceeded = false
    /// Nil until that is decided.
    var isWell: Bool?
    var failures = 0
    /// Before the first success, failures count from an interval after this on.
    var countedUntil: Timestamp
    var output = ""
  }

  private var findings: [Role: Findings] = [:]

  /// Nil when nothing of the task is checked.
  /// - Parameters:
  ///   - task: with the check of its image in its status.
  ///   - startedAt: when its process began to run.
  ///   - health: what was known of it when the worker was started again.
  init?(of task: ClusterTask, startedAt: Timestamp, continuing health: TaskHealth? = nil) {
    let checks = [(Role.readiness, task.spec.readiness), (.liveness, task.spec.liveness), (.image, task.imageCheck)]
    for (role, check) in checks {
      guard let check else { continue }
      var finding = Findings(check: check, countedUntil: startedAt + check.startPeriod)
      if let health, role == .readiness ? health.isReady : health.state == .healthy { (finding.hasSucceeded, finding.isWell) = (true, true) }
      findings[role] = finding
    }
    if findings.isEmpty { return nil }
  }

  var roles: [Role] { [.readiness, .liveness, .image].filter { findings[$0] != nil } }

  func check(_ role: Role) -> HealthCheck? { findings[role]?.check }

  mutating func take(_ outcome: ProbeOutcome, of role: Role, now: Timestamp) {
    guard var finding = findings[role] else { return }
    finding.output = outcome.isSuccess ? "" : outcome.output
    if outcome.isSuccess {
      (finding.hasSucceeded, finding.isWell, finding.failures) = (true, true, 0)
    } else if finding.hasSucceeded || now >= finding.countedUntil + finding.check.interval {
      finding.countedUntil = now
      finding.failures += 1
      if finding.failures >= finding.check.retries { finding.isWell = false }
    }
    findings[role] = finding
  }

  /// From one probe to the next.
  func pause(_ role: Role) -> Duration {
    guard let finding = findings[role] else { return .zero }
    return finding.hasSucceeded ? finding.check.interval : min(finding.check.startInterval, finding.check.interval)
  }

  var health: TaskHealth {
    let isReady = [findings[.readiness], findings[.image]].allSatisfy { $0.map { $0.isWell == true } ?? true }
    let verdicts = findings.values.map(\.isWell)
    let state: TaskHealth.State = verdicts.contains(false) ? .unhealthy : verdicts.contains(nil) ? .starting : .healthy
    return TaskHealth(state: state, isReady: isReady, output: roles.compactMap { findings[$0]?.output }.first { !$0.isEmpty } ?? "")
  }

  /// Why the container has to be restarted; nil while it has not.
  var isDead: String? {
    for role in [Role.liveness, .image] where findings[role]?.isWell == false { return findings[role]?.output }
    return nil
  }
}
