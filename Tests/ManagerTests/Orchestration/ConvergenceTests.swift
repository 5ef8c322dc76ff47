import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

/// Random scaling, updates, deletions, drains, lost and returning nodes and failing tasks: the rules hold at every step, and once the
/// trouble ends the cluster comes to what was declared and then to rest.
@Suite struct ConvergenceTests {
  @Test(arguments: UInt64(1)...16)
  func convergesWhateverHappens(seed: UInt64) throws {
    var cluster = SimulatedCluster(seed: seed)
    for node in ["n1", "n2", "n3", "n4"] as [NodeID] { try cluster.addNode(node) }
    for round in 0..<300 {
      try act(on: &cluster, round: round)
      try cluster.advance(.milliseconds(cluster.number(0..<3000)))
      try cluster.work()
      checkRules(cluster, "seed \(seed) round \(round)")
    }
    try heal(&cluster)
    checkRules(cluster, "seed \(seed) healed")
    checkConverged(cluster, "seed \(seed)")
    try checkRest(&cluster, "seed \(seed)")
  }

  private static let names = ["web", "api", "agent"]

  private func act(on cluster: inout SimulatedCluster, round: Int) throws {
    let node = cluster.pick(["n1", "n2", "n3", "n4"] as [NodeID]) ?? "n1"
    switch cluster.number(0..<30) {
    case 0: try create(in: &cluster, round: round)
    case 1:
      try change(in: &cluster) { spec, cluster in
        if case .replicated = spec.mode { spec.mode = .replicated(replicas: cluster.number(0..<8)) }
      }
    case 2: try change(in: &cluster) { spec, cluster in spec.task.container.env = ["ROUND=\(cluster.number(0..<9))"] }
    case 3:
      if let service = cluster.pick(cluster.services.filter { !$0.deleting }), cluster.number(0..<3) == 0 {
        var service = service
        service.deleting = true
        try cluster.update { try $0.put(service) }
      }
    case 4:
      let isStored = cluster.number(0..<2) == 0
      try cluster.loseNode(node, stored: isStored)
    case 5:
      if var stored = cluster.view.node(node) {
        stored.availability = stored.availability == .active ? .drain : .active
        try cluster.update { try $0.put(stored) }
      }
    case 6 where cluster.number(0..<4) == 0: try cluster.removeNode(node)
    case 7, 8: try cluster.addNode(node)
    case 9: try changeRollout(in: &cluster)
    case 10: cluster.loseLeader()
    default: for _ in 0..<5 { try cluster.step(cluster.pick(["n1", "n2", "n3", "n4"] as [NodeID]) ?? node) }
    }
  }

  private func create(in cluster: inout SimulatedCluster, round: Int) throws {
    guard let name = cluster.pick(Self.names), cluster.view.service(named: name) == nil else { return }
    var spec = ServiceSpec(name: name, mode: .replicated(replicas: cluster.number(0..<6)), task: TaskSpec(container: ContainerSpec(image: "nginx")))
    if name == "agent" { spec.mode = .global }
    if name == "api" { spec.task.placement.maxPerNode = 3 }
    if cluster.number(0..<2) == 0 { spec.startsAfter = Self.names.filter { $0 < name } }
    spec.update = SimulatedCluster.policy(&cluster)
    spec.rollback = SimulatedCluster.policy(&cluster)
    if spec.rollback.failureAction == .rollback { spec.rollback.failureAction = .proceed }
    try cluster.update { try $0.put(ClusterService(id: ServiceID("s\(round)"), spec: spec)) }
  }

  private func changeRollout(in cluster: inout SimulatedCluster) throws {
    guard var service = cluster.pick(cluster.services.filter { !$0.deleting }) else { return }
    switch cluster.number(0..<3) {
    case 0: try? service.rollBack(to: cluster.pick([nil] + service.revisions.map(\.number)) ?? nil, at: cluster.now)
    case 1: try? service.pauseRollout(because: "paused by hand")
    default: try? service.resumeRollout()
    }
    try cluster.update { try $0.put(service) }
  }

  private func change(in cluster: inout SimulatedCluster, _ body: (inout ServiceSpec, inout SimulatedCluster) -> Void) throws {
    guard var service = cluster.pick(cluster.services.filter { !$0.deleting }) else { return }
    var spec = service.spec
    body(&spec, &cluster)
    let template = spec.task
    spec.task = service.spec.task
    service.spec = spec
    service.update(to: template, at: cluster.now)
    try cluster.update { try $0.put(service) }
  }

  /// One node gone for good, the others back and active, nothing fails any more, and enough time.
  private func heal(_ cluster: inout SimulatedCluster) throws {
    cluster.failureRate = 0
    try cluster.removeNode("n4")
    for node in ["n1", "n2", "n3"] as [NodeID] {
      try cluster.addNode(node)
      if var stored = cluster.view.node(node), stored.availability == .drain {
        stored.availability = .active
        try cluster.update { try $0.put(stored) }
      }
    }
    for _ in 0..<400 {
      for var service in cluster.services where service.rollout?.state == .paused {
        try service.resumeRollout()
        try cluster.update { try $0.put(service) }
      }
      try cluster.work()
      for node in ["n1", "n2", "n3"] as [NodeID] { try cluster.step(node) }
      try cluster.advance(.seconds(1))
    }
  }

  private func checkRules(_ cluster: SimulatedCluster, _ comment: Comment) {
    for service in cluster.services {
      let tasks = cluster.view.tasks(ofService: service.id)
      let wanted = tasks.filter { $0.desiredState == .running }
      #expect(!service.waitsToStart || tasks.isEmpty, comment)
      if case .replicated(let replicas) = service.spec.mode, !service.deleting {
        #expect(Set(wanted.map(\.slot)).count <= replicas, comment)
        // In a rollout the task that goes may run beside the one that comes.
        #expect(service.isRolling || Set(wanted.map(\.slot)).count == wanted.count, comment)
        #expect(Dictionary(grouping: wanted, by: \.slot).values.allSatisfy { Set($0.map(\.revision)).count == $0.count }, comment)
      } else if !service.deleting {
        #expect(service.isRolling || Set(wanted.map(\.nodeID)).count == wanted.count, comment)
        #expect(Dictionary(grouping: wanted, by: \.nodeID).values.allSatisfy { Set($0.map(\.revision)).count == $0.count }, comment)
      }
      let history = Dictionary(grouping: tasks.filter { $0.desiredState == .shutdown && $0.status.state.isTerminal }) {
        "\($0.slot) \($0.slot == 0 ? $0.nodeID?.rawValue ?? "" : "")"
      }
      #expect(history.values.allSatisfy { $0.count <= ServicePlanner.historyLimit + 1 }, comment)
    }
    // No slot has two containers on machines that the cluster can reach; of two revisions only where the new one comes first.
    let reachable = cluster.containers.filter { cluster.alive.contains($0.key) && cluster.view.node($0.key)?.state == .ready }
    let slots = reachable.values.joined().filter { !$0.value.slot.hasSuffix(".0") }.map { id, container in
      let task = cluster.view.task(id)
      let spec = task.flatMap { cluster.view.service($0.serviceID)?.spec }
      let mayOverlap = spec.map { spec in [spec.update, spec.rollback].contains { spec.order(of: $0).order == .startFirst } } ?? false
      return mayOverlap ? "\(container.slot)@\(task?.revision ?? 0)" : container.slot
    }
    #expect(Set(slots).count == slots.count, comment)
  }

  private func checkConverged(_ cluster: SimulatedCluster, _ comment: Comment) {
    #expect(cluster.view.services.allSatisfy { !$0.deleting }, comment)
    #expect(cluster.view.tasks.allSatisfy { cluster.view.service($0.serviceID) != nil }, comment)
    for service in cluster.services {
      let wanted = cluster.view.tasks(ofService: service.id).filter { $0.desiredState == .running }
      if service.waitsToStart {
        // For one whose task has given up.
        #expect(!cluster.view.blockers(of: service).isEmpty, comment)
        continue
      }
      #expect(wanted.allSatisfy { $0.revision == service.revision && ($0.status.state == .running || $0.hasGivenUp) }, comment)
      switch service.spec.mode {
      case .replicated(let replicas): #expect(wanted.count == replicas, comment)
      case .global: #expect(Set(wanted.compactMap(\.nodeID)) == ["n1", "n2", "n3"], comment)
      }
    }
    for (node, containers) in cluster.containers {
      let running = cluster.view.tasks(onNode: node).filter { $0.desiredState == .running && $0.status.state == .running }
      #expect(Set(containers.keys) == Set(running.map(\.id)), comment)
    }
  }

  /// Looking at everything once more, or an hour later, changes nothing.
  private func checkRest(_ cluster: inout SimulatedCluster, _ comment: Comment) throws {
    let transactions = cluster.transactions
    try cluster.advance(.seconds(3600))
    cluster.agenda.addEverything()
    try cluster.work()
    #expect(cluster.transactions == transactions, comment)
    #expect(cluster.agenda.nextWake == nil, comment)
  }
}
