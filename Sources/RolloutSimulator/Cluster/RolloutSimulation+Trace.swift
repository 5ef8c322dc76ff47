import ClusterModel

extension RolloutSimulation {
  func trace(_ change: SimulatedChange) {
    guard trace.isOn else { return }
    switch change {
    case .service(let old, let new):
      if let new { note("  \(new.spec.name): \(Self.text(new))") } else { note("  \(old?.spec.name ?? "") is gone") }
    case .task(let old, let new):
      guard let task = new ?? old else { return }
      note("  \(task.displayName)@\(task.revision) \(task.id): \(old.map(Self.text) ?? "new") → \(new.map(Self.text) ?? "gone")")
    case .node: break
    }
  }

  static func text(_ task: ClusterTask) -> String {
    var text = "\(task.status.state)"
    if task.status.state == .running, !task.status.isUp { text += ", not ready" }
    if task.status.state == .pending { text += " (\(task.status.message))" }
    if task.status.attempt > 0 { text += ", attempt \(task.status.attempt)" }
    if task.isStandby || task.status.isStandby {
      text += task.isStandby == task.status.isStandby ? ", aside" : task.isStandby ? ", to go aside" : ", to serve"
    }
    if task.provenAt != nil { text += ", proven" }
    if task.desiredState != .running { text += ", to \(task.desiredState)" }
    if let node = task.nodeID, task.slot > 0 { text += " on \(node)" }
    return text
  }

  static func text(_ service: ClusterService) -> String {
    var text = "revision \(service.revision) (\(service.spec.task.container.image)), others \(service.revisions.map(\.number)), \(service.spec.mode)"
    if let rollout = service.rollout {
      text += ", \(rollout.kind) \(rollout.from) to \(rollout.to) \(rollout.state), \(rollout.failures) failures \(rollout.failedTasks)"
      if !rollout.message.isEmpty { text += " (\(rollout.message))" }
      text += ", \(Self.text(service.rolloutPolicy))"
    }
    return text
  }

  static func text(_ policy: UpdatePolicy) -> String {
    let order = policy.order.map { "\($0)" } ?? "either first"
    let strategy = policy.strategy == .rolling ? "" : "\(policy.strategy), "
    return strategy
      + "\(policy.parallelism), \(order), delay \(policy.delay), monitor \(policy.monitor), \(policy.failureAction) above \(policy.maxFailureRatio)"
  }
}
