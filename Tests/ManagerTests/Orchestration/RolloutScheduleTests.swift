import ClusterModel
import Testing

@testable import Manager

/// Random updates, rollbacks, scaling, pauses and deaths of the leader while tasks fail, on machines that do not: whatever is down then is
/// down because it failed, or because the rollout took it, which must be no more than its policy allows.
@Suite struct RolloutScheduleTests {
  @Test(arguments: UInt64(1)...100) func aRolloutTakesNoMoreThanItMay(seed: UInt64) throws {
    var cluster = SimulatedCluster(seed: seed)
    cluster.failureRate = Int(seed % 3) * 15
    for node in ["n1", "n2"] as [NodeID] { try cluster.addNode(node) }
    var spec = ServiceSpec(name: "web", mode: .replicated(replicas: 4), task: TaskSpec(container: ContainerSpec(image: "web")))
    spec.update = SimulatedCluster.policy(&cluster)
    spec.update.parallelism = .slots(Int(seed % 3) + 1)
    spec.rollback = spec.update
    spec.rollback.failureAction = .pause
    try cluster.update { try $0.put(ClusterService(id: "s", spec: spec)) }
    for round in 0..<120 {
      let before = try #require(cluster.view.service("s"))
      let tasks = cluster.view.tasks(ofService: "s")
      try act(on: &cluster, round: round)
      try check(cluster, before: tasks, scaled: before.spec.mode != cluster.view.service("s")?.spec.mode, "seed \(seed) round \(round)")
      for _ in 0..<3 { try cluster.step(cluster.pick(["n1", "n2"] as [NodeID]) ?? "n1") }
      let reported = cluster.view.tasks(ofService: "s")
      try cluster.advance(.milliseconds(cluster.number(0..<2000)))
      try cluster.work()
      try check(cluster, before: reported, scaled: false, "seed \(seed) round \(round)")
    }
    try converge(&cluster, "seed \(seed)")
  }

  private func act(on cluster: inout SimulatedCluster, round: Int) throws {
    var service = try #require(cluster.view.service("s"))
    switch cluster.number(0..<40) {
    case 0, 1:
      var template = service.spec.task
      template.container.env = ["V=\(cluster.number(0..<5))"]
      service.update(to: template, force: cluster.number(0..<4) == 0, at: cluster.now)
    case 2: try? service.rollBack(to: nil, at: cluster.now)
    case 3: service.spec.mode = .replicated(replicas: cluster.number(1..<7))
    case 4: try? service.pauseRollout(because: "paused by hand")
    case 5, 6: try? service.resumeRollout()
    case 7: return cluster.loseLeader()
    default: return
    }
    try cluster.update { try $0.put(service) }
    try cluster.work()
  }

  /// What the loops did since `before`.
  private func check(_ cluster: SimulatedCluster, before: [ClusterTask], scaled: Bool, _ comment: Comment) throws {
    let service = try #require(cluster.view.service("s"))
    let tasks = cluster.view.tasks(ofService: "s")
    let wanted = tasks.filter { $0.desiredState == .running }
    if !service.isRolling {
      #expect(wanted.allSatisfy { $0.revision == service.revision }, comment)
      return
    }
    let policy = service.rolloutPolicy
    guard case .slots(let most) = policy.parallelism, !scaled else { return }
    let serving = Self.serving(tasks)
    let taken = Self.serving(before).subtracting(serving)
    #expect(taken.count <= (service.spec.order(of: policy).order == .startFirst ? 0 : most), comment)
  }

  private static func serving(_ tasks: [ClusterTask]) -> Set<Int> {
    Set(tasks.filter { $0.desiredState == .running && $0.status.state == .running }.map(\.slot))
  }

  /// Nothing fails any more, and who paused resumes.
  private func converge(_ cluster: inout SimulatedCluster, _ comment: Comment) throws {
    cluster.failureRate = 0
    for _ in 0..<300 {
      if var service = cluster.view.service("s"), service.rollout?.state == .paused {
        try service.resumeRollout()
        try cluster.update { try $0.put(service) }
      }
      try cluster.work()
      for node in ["n1", "n2"] as [NodeID] { for _ in 0..<3 { try cluster.step(node) } }
      // A node that has refused an image is not asked again for five minutes.
      try cluster.advance(.seconds(2))
    }
    let service = try #require(cluster.view.service("s"))
    let wanted = cluster.view.tasks(ofService: "s").filter { $0.desiredState == .running }
    #expect(!service.isRolling, comment)
    #expect(wanted.count == service.spec.mode.replicas, comment)
    #expect(wanted.allSatisfy { $0.revision == service.revision }, comment)
    #expect(Set(service.revisions.map(\.number)).count == service.revisions.count, comment)
    #expect(!service.revisions.contains { $0.number == service.revision }, comment)
  }
}
