import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

/// Moving tasks off a node that drains.
@Suite struct DrainTests {
  private static func cluster(grace: Int64? = 60, mode: ServiceSpec.Mode = .replicated(replicas: 1)) -> PlanFixture {
    var cluster = PlanFixture(nodes: 2, mode: mode)
    cluster.nodes[0].availability = .drain
    cluster.nodes[0].drainDeadline = grace.map { cluster.now + .seconds($0) }
    return cluster
  }

  private static func set(_ id: TaskID, _ state: TaskState, on node: NodeID? = nil, in cluster: inout PlanFixture) {
    guard let index = cluster.tasks.firstIndex(where: { $0.id == id }) else { return }
    cluster.tasks[index].status.state = state
    if let node { cluster.tasks[index].nodeID = node }
  }

  @Test func aTaskGoesWhenTheOneThatTakesItsPlaceRuns() {
    var cluster = Self.cluster()
    let old = cluster.add(slot: 1, .running)
    let plan = cluster.plan()
    #expect(cluster.summary.sorted() == ["1:running:pending", "1:running:running"])
    #expect(plan.wakeAt == cluster.nodes[0].drainDeadline)
    for state in [TaskState.assigned, .preparing, .starting] {
      Self.set("new1", state, on: "n2", in: &cluster)
      #expect(cluster.plan().isEmpty, "\(state)")
    }
    Self.set("new1", .running, in: &cluster)
    _ = cluster.plan()
    #expect(cluster.task(old)?.desiredState == .shutdown)
    #expect(cluster.task("new1")?.desiredState == .running)
    #expect(cluster.plan().isEmpty)
  }

  @Test func afterTheDeadlineNothingIsWaitedFor() {
    var cluster = Self.cluster()
    let old = cluster.add(slot: 1, .running)
    _ = cluster.plan()
    cluster.now = cluster.now + .seconds(60)
    _ = cluster.plan()
    #expect(cluster.task(old)?.desiredState == .shutdown)
    #expect(cluster.task("new1")?.status.state == .pending, "it still looks for a place")
  }

  @Test(arguments: ["at once", "starting", "outdated", "constraint", "global"])
  func whatCannotRunTwiceIsStoppedFirst(_ why: String) {
    var cluster = Self.cluster(grace: why == "at once" ? nil : 60, mode: why == "global" ? .global : .replicated(replicas: 1))
    let old = cluster.add(slot: why == "global" ? 0 : 1, why == "starting" ? .starting : .running, revision: why == "outdated" ? 0 : 1)
    if why == "constraint" {
      cluster.service.spec.task.placement.constraints = ["node.id==n2"]
      cluster.tasks[0].spec = cluster.service.spec.task
    }
    _ = cluster.plan()
    #expect(cluster.task(old)?.desiredState == .shutdown)
    #expect(!cluster.tasks.contains { $0.slot == 1 && $0.desiredState == .running }, "the next one starts when this one has stopped")
  }

  @Test func activatingKeepsOneOfTheTwo() {
    var cluster = Self.cluster()
    let old = cluster.add(slot: 1, .running)
    _ = cluster.plan()
    (cluster.nodes[0].availability, cluster.nodes[0].drainDeadline) = (.active, nil)
    _ = cluster.plan()
    #expect(cluster.tasks.map(\.id) == [old])
  }

  @Test func aSuccessorThatIsRejectedIsReplacedWhileTheOldTaskGoesOn() {
    var cluster = Self.cluster()
    let old = cluster.add(slot: 1, .running)
    let rejected = cluster.add(slot: 1, .rejected, on: "n2")
    cluster.now = cluster.now + .seconds(30)
    _ = cluster.plan()
    #expect(cluster.task(rejected)?.desiredState == .shutdown)
    #expect(cluster.task(old)?.desiredState == .running)
    #expect(cluster.tasks.contains { $0.status.state == .pending && $0.desiredState == .running })
  }

  @Test func aNodeThatFallsSilentWhileItDrainsIsNotWaitedFor() {
    var cluster = Self.cluster()
    let old = cluster.add(slot: 1, .running)
    _ = cluster.plan()
    cluster.nodes[0].state = .down
    _ = cluster.plan()
    #expect(cluster.task(old)?.status.state == .orphaned)
  }

  @Test func scalingDownTakesBoth() {
    var cluster = Self.cluster()
    cluster.add(slot: 1, .running)
    _ = cluster.plan()
    cluster.service.spec.mode = .replicated(replicas: 0)
    _ = cluster.plan()
    #expect(cluster.summary == ["1:remove:running"])
  }

  /// What only says that a task gets on wakes nobody, except while somebody waits for it.
  @Test(arguments: [true, false]) func aTaskThatRunsIsNoticedWhileANodeDrains(_ isDraining: Bool) {
    var cluster = Self.cluster()
    if !isDraining { cluster.nodes[0].availability = .active }
    cluster.add(slot: 1, .starting, on: "n2")
    var agenda = Agenda()
    agenda.begin(with: cluster.nodes, [])
    _ = agenda.take(now: cluster.now) { [] }
    var running = cluster.tasks[0]
    running.status.state = .running
    agenda.note(.task(old: cluster.tasks[0], new: running))
    #expect(agenda.take(now: cluster.now) { [] }.services == (isDraining ? ["s1"] : []))
  }
}
