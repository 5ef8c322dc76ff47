import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

@Suite struct SchedulerTests {
  private static func pending(
    _ count: Int, service: ServiceID = "s1", in cluster: PlanFixture, _ change: (inout TaskSpec) -> Void = { _ in }
  ) -> [ClusterTask] {
    var spec = cluster.service.spec.task
    change(&spec)
    return (1...count).map { ClusterTask(id: TaskID("p\($0)"), serviceID: service, serviceName: "api", slot: $0, revision: 1, spec: spec) }
  }

  private static func schedule(_ pending: [ClusterTask], in cluster: PlanFixture) -> [ClusterTask] {
    Scheduler.schedule(cluster.tasks + pending, nodes: cluster.nodes, now: cluster.now)
  }

  @Test func placesOnTheNodeWithTheFewestTasksOfTheServiceThenTheFewestTasks() {
    var cluster = PlanFixture(nodes: 3)
    cluster.add(slot: 1, .running, on: "n1")
    cluster.add(slot: 2, .running, on: "n1")
    cluster.add(slot: 3, .running, on: "n2")
    let other = Self.schedule(Self.pending(1, service: "s2", in: cluster), in: cluster)
    #expect(other.map(\.nodeID) == ["n3"])
    #expect(other.map(\.status) == [TaskStatus(state: .assigned, since: cluster.now)])
    let same = Self.schedule(Self.pending(3, in: cluster), in: cluster)
    #expect(same.map(\.nodeID) == ["n3", "n2", "n3"])
  }

  @Test func placesABatchEvenly() {
    let cluster = PlanFixture(nodes: 7)
    let placed = Self.schedule(Self.pending(1000, in: cluster), in: cluster)
    let counts = Dictionary(grouping: placed, by: \.nodeID).mapValues(\.count)
    #expect(placed.count == 1000)
    #expect(Set(counts.values) == [142, 143])
  }

  @Test func endedTasksTakeNoRoom() {
    var cluster = PlanFixture()
    cluster.service.spec.task.reservations.memoryBytes = 1 << 30
    cluster.add(slot: 1, .failed)
    #expect(Self.schedule(Self.pending(1, in: cluster), in: cluster).map(\.nodeID) == ["n1"])
    cluster.add(slot: 1, .stopping, desired: .shutdown)
    #expect(Self.schedule(Self.pending(1, in: cluster), in: cluster).map(\.nodeID) == [nil], "one that is stopping does")
  }

  @Test func reservationsAddUpWithinABatch() {
    let cluster = PlanFixture()
    let placed = Self.schedule(Self.pending(3, in: cluster) { $0.reservations.nanoCPUs = 800_000_000 }, in: cluster)
    #expect(placed.map(\.nodeID) == ["n1", "n1", nil])
    #expect(placed.last?.status.message == "1 node: not enough CPU (need 0.8, 0.4 free)")
  }

  @Test func aNodeOnWhichFiveTasksFailedLatelyIsTheLastChoiceOfAll() {
    var cluster = PlanFixture(nodes: 2)
    for slot in 1...3 { cluster.add(slot: slot, .failed, on: "n1") }
    cluster.add(slot: 4, .failed, on: "n1", desired: .shutdown)
    // Images are to blame for these.
    for slot in 1...4 { cluster.add(slot: slot, .rejected, on: "n1", desired: .shutdown) }
    for slot in 5...6 { cluster.add(slot: slot, .running, on: "n2") }
    #expect(Self.schedule(Self.pending(1, service: "s2", in: cluster), in: cluster).map(\.nodeID) == ["n1"], "four may be chance")
    cluster.add(slot: 7, .failed, on: "n1")
    #expect(Self.schedule(Self.pending(2, service: "s2", in: cluster), in: cluster).map(\.nodeID) == ["n2", "n2"])
    cluster.nodes[1].availability = .drain
    #expect(Self.schedule(Self.pending(1, service: "s2", in: cluster), in: cluster).map(\.nodeID) == ["n1"], "last, but a choice")
    cluster.nodes[1].availability = .active
    cluster.now = cluster.now + .seconds(300)
    #expect(Self.schedule(Self.pending(1, service: "s2", in: cluster), in: cluster).map(\.nodeID) == ["n1"], "five minutes later it is forgotten")
  }

  @Test func anImageThatANodeRejectedIsForOtherPlatforms() {
    var cluster = PlanFixture(nodes: 4)
    for position in 2...3 { cluster.nodes[position].description.architecture = "arm64" }
    cluster.add(slot: 1, .rejected, on: "n1", desired: .shutdown)
    for slot in 2...9 { cluster.add(slot: slot, .running, on: slot.isMultiple(of: 2) ? "n3" : "n4") }
    let two = Self.pending(2, in: cluster)
    #expect(Self.schedule(two, in: cluster).map(\.nodeID) == ["n3", "n4"], "n2 is empty, and of the platform of n1")
    #expect(Self.schedule(Self.pending(1, service: "s2", in: cluster), in: cluster).map(\.nodeID) == ["n1"], "another service's image")
    var newer = two
    for position in newer.indices { newer[position].revision = 2 }
    #expect(Self.schedule(newer, in: cluster).map(\.nodeID) == ["n1", "n2"], "of another revision, which may have another image")
  }

  @Test func anImageForNoPlatformThatThereIsWaitsAndSaysSo() {
    var cluster = PlanFixture(nodes: 3)
    cluster.nodes[2].description.architecture = "arm64"
    cluster.add(slot: 1, .rejected, on: "n2", desired: .shutdown)
    let since = cluster.now
    cluster.now = cluster.now + .seconds(10)
    cluster.add(slot: 2, .rejected, on: "n3", desired: .shutdown)
    let reason = "2 nodes: image nginx is not for linux/amd64, 1 node: image nginx is not for linux/arm64"
    let waiting = Scheduler.placement(of: cluster.tasks + Self.pending(1, in: cluster), nodes: cluster.nodes, now: cluster.now)
    #expect(waiting.changed.map(\.status.message) == [reason] && waiting.changed.map(\.nodeID) == [nil])
    #expect(waiting.tryAgainAt == since + .seconds(300))
    cluster.now = since + .seconds(300)
    let again = Scheduler.placement(of: cluster.tasks + waiting.changed, nodes: cluster.nodes, now: cluster.now)
    #expect(again.changed.map(\.nodeID) == ["n1"] && again.tryAgainAt == nil, "somebody may have built one")
  }

  @Test func aGlobalTaskGoesToItsNodeOrNowhere() {
    var cluster = PlanFixture(nodes: 2)
    cluster.nodes[1].description.resources.memoryBytes = 1 << 20
    var task = Self.pending(1, in: cluster) { $0.reservations.memoryBytes = 2 << 20 }[0]
    task.nodeID = "n2"
    #expect(Self.schedule([task], in: cluster).map(\.status.message) == ["1 node: not enough memory (need 2MiB, 1MiB free)"])
  }

  @Test func explainsInTheWordsOfTheContract() {
    var cluster = PlanFixture(nodes: 3)
    cluster.nodes[0].labels = ["zone": "a"]
    cluster.nodes[1].labels = ["zone": "a"]
    cluster.nodes[0].description.resources.memoryBytes = 300 << 20
    cluster.nodes[1].description.resources.memoryBytes = 100 << 20
    let tasks = Self.pending(1, in: cluster) {
      $0.reservations.memoryBytes = 512 << 20
      $0.placement.constraints = ["node.labels.zone == a"]
    }
    let reason = "2 nodes: not enough memory (need 512MiB, 300MiB free), 1 node: constraint node.labels.zone==a"
    let waiting = Self.schedule(tasks, in: cluster)
    #expect(waiting.map(\.status.message) == [reason])
    #expect(Self.schedule(waiting, in: cluster).isEmpty, "nothing is written while the reason stays the same")
  }

  @Test(arguments: [
    ("down", "1 node: down"), ("drain", "1 node: draining"), ("manager", "1 node: not a worker"),
    ("port", "1 node: host port 8080/tcp is taken by web.1"), ("max", "1 node: already has 1 of the service (max per node)"),
    ("none", "the cluster has no nodes"), ("stored", "1 node: constraint \"zone=a\" cannot be understood"),
  ])
  func explainsEachReason(_ what: String, _ reason: String) {
    var cluster = PlanFixture()
    cluster.service.spec.task.ports = [PublishedPort(hostPort: 8080, containerPort: 80)]
    cluster.add(slot: 1, .running)
    switch what {
    case "down": cluster.nodes[0].state = .down
    case "drain": cluster.nodes[0].availability = .drain
    case "manager": cluster.nodes[0].roles = [.manager]
    case "none": cluster.nodes = []
    default: break
    }
    let tasks = Self.pending(1, service: what == "port" ? "s2" : "s1", in: cluster) {
      if what != "port" { $0.ports = [] }
      if what == "max" { $0.placement.maxPerNode = 1 }
      if what == "stored" { $0.placement.constraints = ["zone=a"] }
    }
    #expect(Self.schedule(tasks, in: cluster).map(\.status.message) == [reason])
  }

  @Test func tasksOfAServiceShareItsPortsUnlessTheyUseTheHostsNetwork() {
    var cluster = PlanFixture()
    cluster.service.spec.task.ports = [PublishedPort(hostPort: 80, containerPort: 80)]
    #expect(Self.schedule(Self.pending(2, in: cluster), in: cluster).map(\.nodeID) == ["n1", "n1"])
    cluster.service.spec.task.network = .host
    let alone = Self.schedule(Self.pending(2, in: cluster), in: cluster)
    #expect(alone.map(\.nodeID) == ["n1", nil])
    #expect(alone.last?.status.message == "1 node: host port 80/tcp is taken by api.1")
  }

  @Test func portsOfDifferentAddressesAndProtocolsDoNotConflict() {
    var cluster = PlanFixture()
    cluster.service.spec.task.ports = [PublishedPort(hostIP: "127.0.0.1", hostPort: 53, containerPort: 53)]
    cluster.add(slot: 1, .running)
    let free = [PublishedPort(hostIP: "127.0.0.2", hostPort: 53, containerPort: 53), PublishedPort(hostPort: 53, containerPort: 53, transport: .udp)]
    #expect(Self.schedule(Self.pending(1, service: "s2", in: cluster) { $0.ports = free }, in: cluster).map(\.nodeID) == ["n1"])
    let taken = [PublishedPort(hostPort: 53, containerPort: 53)]
    #expect(Self.schedule(Self.pending(1, service: "s2", in: cluster) { $0.ports = taken }, in: cluster).map(\.nodeID) == [nil])
  }
}
