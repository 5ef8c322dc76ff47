import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

@Suite struct StartOrderTests {
  private static let nodes = ["n1", "n2"] as [NodeID]

  private static func cluster() throws -> SimulatedCluster {
    var cluster = SimulatedCluster(seed: 1)
    cluster.failureRate = 0
    for node in nodes { try cluster.addNode(node) }
    return cluster
  }

  private static func add(
    _ name: String, after others: [String] = [], mode: ServiceSpec.Mode = .replicated(replicas: 2), to cluster: inout SimulatedCluster
  ) throws {
    var spec = ServiceSpec(name: name, mode: mode, task: TaskSpec(container: ContainerSpec(image: "nginx")))
    spec.startsAfter = others
    try cluster.update { try $0.put(ClusterService(id: ServiceID(name), spec: spec)) }
    try cluster.work()
  }

  private static func change(_ name: String, in cluster: inout SimulatedCluster, _ body: (inout ClusterService) -> Void) throws {
    try cluster.update { transaction in
      guard var service = transaction.view.service(named: name) else { return }
      body(&service)
      try transaction.put(service)
    }
    try cluster.work()
  }

  private static func tasks(_ name: String, _ cluster: SimulatedCluster) -> [ClusterTask] { cluster.view.tasks(ofService: ServiceID(name)) }
  private static func up(_ name: String, _ cluster: SimulatedCluster) -> Int { tasks(name, cluster).count { $0.status.isUp } }

  /// Steps of the workers and of the loops until `condition` holds.
  private static func run(_ cluster: inout SimulatedCluster, until condition: (SimulatedCluster) -> Bool) throws {
    for _ in 0..<2000 {
      if condition(cluster) { return }
      try cluster.step(cluster.pick(nodes) ?? "n1")
      try cluster.work()
    }
    Issue.record("it did not come to it: \(cluster.view.tasks.map { "\($0.displayName) \($0.status.state)" })")
  }

  @Test func oneStartsAfterTheOtherIsUp() throws {
    var cluster = try Self.cluster()
    // Made in the wrong order, and in no alphabetical one.
    try Self.add("api", after: ["db", "Cache"], to: &cluster)
    try Self.add("web", after: ["api"], to: &cluster)
    try Self.add("cache", to: &cluster)
    try Self.add("db", after: ["cache"], to: &cluster)
    var isWaiting = true
    for _ in 0..<3000 where isWaiting {
      // `api` was made when there was nothing to wait for yet.
      #expect(Self.up("cache", cluster) == 2 || Self.tasks("db", cluster).isEmpty)
      #expect(Self.up("api", cluster) == 2 || Self.tasks("web", cluster).isEmpty)
      try cluster.step(cluster.pick(Self.nodes) ?? "n1")
      // Whoever leads, it goes on.
      if cluster.number(0..<5) == 0 { cluster.loseLeader() }
      try cluster.work()
      isWaiting = cluster.view.services.contains { $0.waitsToStart }
    }
    #expect(!isWaiting)
    try Self.run(&cluster) { ["api", "web", "cache", "db"].allSatisfy { [cluster = $0] in Self.up($0, cluster) == 2 } }
  }

  @Test func allTogetherStartInTheirOrder() throws {
    var cluster = try Self.cluster()
    try cluster.update { transaction in
      for (name, others) in [("a", ["b", "c"]), ("b", ["c"]), ("c", [])] {
        var spec = ServiceSpec(name: name, task: TaskSpec(container: ContainerSpec(image: "nginx")))
        spec.startsAfter = others
        try transaction.put(ClusterService(id: ServiceID(name), spec: spec))
      }
    }
    try cluster.work()
    try Self.run(&cluster) { Self.up("c", $0) == 1 }
    #expect(Self.tasks("a", cluster).isEmpty && Self.tasks("b", cluster).count == 1)
    try Self.run(&cluster) { Self.up("b", $0) == 1 }
    #expect(Self.tasks("a", cluster).count == 1)
    // What is up once need not stay so for the others.
    try Self.change("c", in: &cluster) { $0.spec.mode = .replicated(replicas: 0) }
    try Self.change("a", in: &cluster) { $0.spec.mode = .replicated(replicas: 3) }
    #expect(Self.tasks("a", cluster).count == 3)
  }

  @Test(arguments: [false, true]) func aRestartedServiceDoesNotWaitAgain(_ losesLeader: Bool) throws {
    var cluster = try Self.cluster()
    try Self.add("db", to: &cluster)
    try Self.add("web", after: ["db"], to: &cluster)
    try Self.run(&cluster) { Self.up("web", $0) == 2 }
    try Self.change("web", in: &cluster) { $0.spec.mode = .replicated(replicas: 0) }
    try Self.run(&cluster) { Self.tasks("web", $0).isEmpty }
    try Self.change("db", in: &cluster) {
      $0.deleting = false; $0.spec.mode = .replicated(replicas: 5)
    }
    if losesLeader { cluster.loseLeader() }
    try Self.change("web", in: &cluster) { $0.spec.mode = .replicated(replicas: 1) }
    #expect(Self.tasks("web", cluster).count == 1)
  }

  @Test func nobodyWaitsForWhatIsNotThere() throws {
    var cluster = try Self.cluster()
    try Self.add("web", after: ["nothing"], to: &cluster)
    #expect(Self.tasks("web", cluster).count == 2)
    try Self.add("db", to: &cluster)
    try Self.add("api", after: ["db"], to: &cluster)
    #expect(Self.tasks("api", cluster).isEmpty)
    try Self.change("db", in: &cluster) { $0.deleting = true }
    #expect(Self.tasks("api", cluster).count == 2)
  }

  @Test func whatItWaitsForMayChangeMeanwhile() throws {
    var cluster = try Self.cluster()
    try Self.add("db", to: &cluster)
    try Self.add("web", after: ["db"], to: &cluster)
    var template = TaskSpec(container: ContainerSpec(image: "nginx:2"))
    template.container.env = ["A=b"]
    try Self.change("web", in: &cluster) { $0.update(to: template, at: .epoch) }
    let service = try #require(cluster.view.service(named: "web"))
    #expect(service.revision == 1 && service.rollout == nil && service.spec.task == template && service.waitsToStart)
    try Self.change("web", in: &cluster) { $0.spec.startsAfter = [] }
    #expect(Self.tasks("web", cluster).map(\.spec) == [template, template])
  }

  @Test func aGlobalServiceIsUpOnEveryNode() throws {
    var cluster = try Self.cluster()
    try cluster.update { transaction in
      // The one that waits is looked at first.
      var spec = ServiceSpec(name: "a", task: TaskSpec(container: ContainerSpec(image: "nginx")))
      spec.startsAfter = ["b"]
      try transaction.put(ClusterService(id: "a", spec: spec))
      try transaction.put(
        ClusterService(id: "b", spec: ServiceSpec(name: "b", mode: .global, task: TaskSpec(container: ContainerSpec(image: "nginx")))))
    }
    try cluster.work()
    #expect(Self.tasks("a", cluster).isEmpty && Self.tasks("b", cluster).count == 2)
    try Self.run(&cluster) { Self.up("b", $0) == 1 }
    #expect(Self.tasks("a", cluster).isEmpty)
    try Self.run(&cluster) { Self.up("b", $0) == 2 }
    #expect(Self.tasks("a", cluster).count == 1)
  }

  @Test func whatHasDoneItsWorkIsNotWaitedFor() throws {
    var cluster = try Self.cluster()
    try Self.add("migrate", mode: .replicated(replicas: 1), to: &cluster)
    try Self.add("web", after: ["migrate"], to: &cluster)
    let task = try #require(Self.tasks("migrate", cluster).first)
    try cluster.report(task, TaskStatus(state: .complete), from: try #require(task.nodeID))
    try cluster.work()
    #expect(Self.tasks("web", cluster).count == 2)
  }

  @Test func aRingThatNobodySawHoldsNobodyUp() throws {
    var cluster = try Self.cluster()
    try cluster.update { transaction in
      for (name, others) in [("a", ["b"]), ("b", ["c"]), ("c", ["a"]), ("d", ["a"])] {
        var spec = ServiceSpec(name: name, task: TaskSpec(container: ContainerSpec(image: "nginx")))
        spec.startsAfter = others
        try transaction.put(ClusterService(id: ServiceID(name), spec: spec))
      }
    }
    try cluster.work()
    try Self.run(&cluster) { ["a", "b", "c", "d"].allSatisfy { [cluster = $0] in Self.up($0, cluster) == 1 } }
  }

  /// Reports that change nothing for those who wait do not wake them.
  @Test func onlyWhatMattersWakes() throws {
    var agenda = Agenda()
    agenda.begin(with: [], [])
    _ = agenda.take(now: .epoch) { [] }
    var waiting = makeService("web")
    waiting.waitsToStart = true
    agenda.note(.service(old: nil, new: waiting))
    _ = agenda.take(now: .epoch) { [] }
    var task = makeTask("t", service: "db", node: "n1")
    task.status.state = .preparing
    var next = task
    next.status.state = .starting
    agenda.note(.task(old: task, new: next))
    #expect(agenda.take(now: .epoch) { [] }.services.isEmpty)
    task = next
    next.status.state = .running
    agenda.note(.task(old: task, new: next))
    #expect(agenda.take(now: .epoch) { [] }.services == [waiting.id])
  }

  @Test func ringsAreFound() throws {
    let after = ["a": ["b", "x"], "b": ["C"], "c": ["d", "A"], "d": [], "e": ["a"]]
    func path(_ start: String, _ goal: String) -> [String]? { StartOrder.path(from: start, to: goal) { after[$0.lowercased()] ?? [] } }
    #expect(path("a", "a") == ["a", "b", "C", "A"] && path("e", "e") == nil && path("e", "d") != nil && path("d", "a") == nil)
    let error = #expect(throws: WarrenError.self) { try StartOrder.refuseCycle(from: "b") { after[$0.lowercased()] ?? [] } }
    #expect(error?.message.contains("b after C after A after b") == true)
  }
}
