import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

@Suite struct ReplacementTests {
  @Test func aRejectedTaskIsReplacedAfterASecond() {
    var cluster = PlanFixture()
    let rejected = cluster.add(slot: 1, .rejected, createdAt: 1000)
    let waiting = cluster.plan()
    #expect(waiting.isEmpty)
    #expect(waiting.wakeAt == Timestamp(seconds: 1001))
    cluster.now = Timestamp(seconds: 1001)
    _ = cluster.plan()
    #expect(cluster.task(rejected)?.desiredState == .shutdown)
    #expect(cluster.summary.contains("1:running:pending"))
  }

  /// Seconds between the replacements of a task that every node rejects at once.
  @Test func rejectionsBackOffToAMinute() {
    var cluster = PlanFixture()
    cluster.add(slot: 1, .rejected, createdAt: 1000)
    var waits: [Int64] = []
    for round in 0..<9 {
      guard let wakeAt = cluster.plan().wakeAt else { break }
      waits.append((wakeAt - cluster.now).components.seconds)
      cluster.now = wakeAt
      _ = cluster.plan()
      for index in cluster.tasks.indices where cluster.tasks[index].status.state == .pending {
        cluster.tasks[index].id = TaskID("r\(round)")
        cluster.tasks[index].nodeID = "n1"
        cluster.tasks[index].meta = Meta(version: 1, createdAt: cluster.now)
        cluster.tasks[index].status = TaskStatus(state: .rejected, since: cluster.now)
      }
    }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    #expect(cluster.tasks.count == 1 + ServicePlanner.historyLimit)
  }

  @Test func anOldRejectionDoesNotCount() {
    var cluster = PlanFixture()
    cluster.add(slot: 1, .rejected, desired: .shutdown, createdAt: 100)
    cluster.add(slot: 1, .rejected, createdAt: 1000)
    #expect(cluster.plan().wakeAt == Timestamp(seconds: 1001))
  }

  @Test func tasksOfADownNodeMoveWhenTheyCan() {
    var cluster = PlanFixture(nodes: 2)
    let lost = cluster.add(slot: 1, .running)
    cluster.nodes[0].state = .down
    _ = cluster.plan()
    #expect(cluster.task(lost)?.status.state == .orphaned)
    #expect(cluster.task(lost)?.status.message == "node n1 is down")
    #expect(cluster.summary.sorted() == ["1:running:pending", "1:shutdown:orphaned"])
  }

  @Test(arguments: ["alone", "drained", "constraint", "manager"])
  func tasksOfADownNodeWaitForItWhenThereIsNoOther(_ why: String) {
    var cluster = PlanFixture(nodes: why == "alone" ? 1 : 2)
    switch why {
    case "drained": cluster.nodes[1].availability = .drain
    case "constraint": cluster.service.spec.task.placement.constraints = ["node.id==n1"]
    case "manager": cluster.nodes[1].roles = [.manager]
    default: break
    }
    cluster.add(slot: 1, .running)
    cluster.nodes[0].state = .down
    #expect(cluster.plan().isEmpty)
  }

  @Test func tasksOfARemovedNodeAreReplaced() {
    var cluster = PlanFixture(nodes: 1)
    let lost = cluster.add(slot: 1, .running, on: "n9")
    let failed = cluster.add(slot: 1, .shutdown, on: "n9", desired: .shutdown)
    _ = cluster.plan()
    #expect(cluster.task(lost)?.status.state == .orphaned)
    #expect(cluster.task(failed)?.status.state == .shutdown, "history stays")
    #expect(cluster.summary.contains("1:running:pending"))
  }

  @Test(arguments: [true, false])
  func removalNeedsNoWordFromANodeThatIsGone(_ removed: Bool) {
    var cluster = PlanFixture(nodes: 1, mode: .replicated(replicas: 0))
    let task = cluster.add(slot: 1, .running, on: removed ? "n9" : "n1", desired: .remove)
    cluster.nodes[0].state = .down
    #expect(cluster.plan().removals.map(\.id) == [task])
  }

  @Test func drainMovesTasks() {
    var cluster = PlanFixture(nodes: 2)
    let task = cluster.add(slot: 1, .running)
    cluster.nodes[0].availability = .drain
    _ = cluster.plan()
    #expect(cluster.task(task)?.desiredState == .shutdown)
    #expect(cluster.summary.count == 1, "the next one starts when this one has stopped")
  }

  @Test func aLabelTakenAwayMovesTasks() {
    var cluster = PlanFixture(nodes: 1)
    cluster.service.spec.task.placement.constraints = ["node.labels.zone==a"]
    cluster.nodes[0].labels = ["zone": "a"]
    let task = cluster.add(slot: 1, .running)
    #expect(cluster.plan().isEmpty)
    cluster.nodes[0].labels = [:]
    _ = cluster.plan()
    #expect(cluster.task(task)?.desiredState == .shutdown)
  }
}
