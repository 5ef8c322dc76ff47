import ClusterModel
import SimulationEngine

extension RolloutSimulation {
  func createService(_ name: String, mode: ServiceSpec.Mode) throws(Violation) {
    var spec = ServiceSpec(name: name, mode: mode, task: template(0))
    spec.update = policy(isRollback: false)
    spec.rollback = policy(isRollback: true)
    let service = ClusterService(id: ServiceID(name), spec: spec)
    note("\(name) is made: \(mode), \(Self.text(spec.update)), back \(Self.text(spec.rollback))")
    judge.created(service)
    try update { try $0.put(service) }
  }

  private func template(_ number: Int) -> TaskSpec {
    var task = TaskSpec(container: ContainerSpec(image: "v\(number)"))
    if plan.usesReadiness, random.chance(70) {
      task.readiness = HealthCheck(.tcp(port: 80))
      task.readiness?.startPeriod = random.pick([.zero, .zero, .seconds(8)]) ?? .zero
    }
    if plan.usesConstraints, random.chance(50) { task.placement.constraints = ["node.labels.zone\(random.chance(50) ? "==" : "!=")a"] }
    if plan.usesLimits, random.chance(50) { task.placement.maxPerNode = 3 }
    switch random.int(in: 0..<10) {
    case 0: task.restart.condition = .none
    case 1: task.restart.condition = .onFailure
    case 2: task.restart.maxAttempts = random.int(in: 1...2)
    default: break
    }
    return task
  }

  private func policy(isRollback: Bool) -> UpdatePolicy {
    var policy = UpdatePolicy()
    policy.parallelism = random.pick([.slots(1), .slots(1), .slots(2), .slots(3), .slots(0), .percent(50)]) ?? .slots(1)
    policy.delay = random.pick([.zero, .zero, .seconds(2), .seconds(7)]) ?? .zero
    policy.order = random.pick([nil, plan.usesLimits ? nil : .startFirst, .stopFirst]) ?? nil
    policy.monitor = random.pick([.zero, .seconds(1), .seconds(5), .seconds(5)]) ?? .zero
    policy.failureAction = random.pick(isRollback ? [.pause, .proceed] : [.pause, .rollback, .rollback, .proceed]) ?? .pause
    policy.maxFailureRatio = random.pick([0, 0, 0.3, 0.5]) ?? 0
    guard !isRollback else { return policy }
    switch random.int(in: 0..<10) {
    case 0, 1: policy.strategy = .canary(weights: random.pick([[10], [25, 50], [50], [99]]) ?? [50])
    // Two sets of tasks may never have room where there is a limit.
    case 2 where !plan.usesLimits, 3 where !plan.usesLimits:
      policy.strategy = .blueGreen(keep: .seconds(random.pick([0, 5, 30]) ?? 5))
      policy.order = .startFirst
    default: break
    }
    return policy
  }

  func userActs() throws(Violation) {
    if isHealed { return }
    schedule(.user, after: random.int(in: 0...2 * plan.meanUserPause))
    guard leader != nil, let id = random.pick(store.services.map(\.id)), let before = store.service(id) else { return }
    var service = before
    let action = act(on: &service)
    if service == before { return }
    counts[action] += 1
    note("a user: \(action.rawValue) of \(id): \(Self.text(service))")
    try judge.userChanged(before, to: service)
    try update { try $0.put(service) }
  }

  private func act(on service: inout ClusterService) -> Happening {
    switch random.int(in: 0..<20) {
    case 0...6:
      service.update(to: template(random.int(in: 0..<plan.behaviours.count)), at: time)
      return .update
    case 7, 8:
      if let earlier = random.pick(service.revisions) { service.update(to: earlier.task, at: time) }
      return .updateBack
    case 9:
      service.update(to: service.spec.task, force: true, at: time)
      return .forcedUpdate
    case 10...12:
      let target = random.chance(60) ? nil : random.pick(service.revisions.map(\.number))
      judge.userRollsBack(service, to: target)
      try? service.rollBack(to: target, at: time)
      return .rollback
    case 13:
      try? service.pauseRollout(because: "paused by hand")
      return .pause
    case 14...16 where service.rollout?.state == .staged:
      try? service.promoteRollout(at: time)
      return .promote
    case 14...16:
      try? service.resumeRollout()
      return .resume
    case 17, 18:
      if case .replicated = service.spec.mode { service.spec.mode = .replicated(replicas: random.int(in: 0...6)) }
      return .scale
    default:
      service.spec.update = policy(isRollback: false)
      service.spec.rollback = policy(isRollback: true)
      return .policyChange
    }
  }
}
