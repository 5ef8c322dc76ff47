import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

@Suite struct ReplicatedPlanTests {
  private static func fixture(replicas: Int, nodes: Int = 1) -> PlanFixture {
    PlanFixture(nodes: nodes, mode: .replicated(replicas: replicas))
  }

  @Test func makesATaskForEachSlot() {
    var cluster = Self.fixture(replicas: 3)
    let plan = cluster.plan()
    #expect(plan.puts.map(\.slot) == [1, 2, 3])
    #expect(plan.puts.allSatisfy { $0.status.state == .pending && $0.nodeID == nil && $0.revision == 1 && $0.serviceName == "web" })
    #expect(cluster.plan().isEmpty, "the plan is fulfilled")
  }

  @Test func scalesUpIntoTheLowestFreeSlots() {
    var cluster = Self.fixture(replicas: 4)
    cluster.add(slot: 1, .running)
    cluster.add(slot: 3, .running)
    #expect(cluster.plan().puts.map(\.slot) == [2, 4])
  }

  @Test func scalesDownFromTheHighestSlot() {
    var cluster = Self.fixture(replicas: 1)
    for slot in 1...3 { cluster.add(slot: slot, .running) }
    _ = cluster.plan()
    #expect(cluster.summary == ["1:running:running", "2:remove:running", "3:remove:running"])
  }

  @Test(arguments: [
    (TaskState.pending, TaskState.running), (.failed, .pending), (.complete, .running), (.preparing, .running), (.rejected, .starting),
  ])
  func scalesDownWhatRunsLeastFirst(_ worse: TaskState, _ better: TaskState) {
    var cluster = Self.fixture(replicas: 1)
    let first = cluster.add(slot: 1, worse)
    let second = cluster.add(slot: 2, better)
    _ = cluster.plan()
    #expect(cluster.task(first)?.desiredState != .running)
    #expect(cluster.task(second)?.desiredState == .running)
  }

  @Test func scaledToZeroStopsEverything() {
    var cluster = Self.fixture(replicas: 0)
    cluster.add(slot: 1, .running)
    cluster.add(slot: 2, .pending)
    cluster.add(slot: 2, .failed, desired: .shutdown)
    _ = cluster.plan()
    #expect(cluster.summary == ["1:remove:running"], "what no worker has to stop is gone at once, history too")
  }

  @Test func aSlotStillStoppingIsFilledWhenItIsFree() {
    var cluster = Self.fixture(replicas: 2)
    cluster.add(slot: 1, .running)
    let stopping = cluster.add(slot: 2, .stopping, desired: .remove)
    #expect(cluster.plan().isEmpty)
    cluster.tasks.removeAll { $0.id == stopping }
    #expect(cluster.plan().puts.map(\.slot) == [2])
  }

  @Test(arguments: [TaskState.failed, .complete])
  func aTaskThatGaveUpKeepsItsSlot(_ state: TaskState) {
    var cluster = Self.fixture(replicas: 1)
    cluster.add(slot: 1, state)
    #expect(cluster.plan() == ServicePlan())
  }

  @Test func aNewRevisionReplacesAfterStopping() {
    var cluster = Self.fixture(replicas: 2)
    cluster.add(slot: 1, .running)
    cluster.add(slot: 2, .failed)
    cluster.service.revision = 2
    _ = cluster.plan()
    #expect(cluster.summary == ["1:shutdown:running", "2:running:pending", "2:shutdown:failed"])
    cluster.tasks[cluster.tasks.firstIndex { $0.slot == 1 } ?? 0].status.state = .shutdown
    let plan = cluster.plan()
    #expect(plan.puts.map(\.slot) == [1])
    #expect(plan.puts.map(\.revision) == [2])
  }

  @Test func aPendingTaskOfAnOldRevisionIsReplacedAtOnce() {
    var cluster = Self.fixture(replicas: 1)
    let old = cluster.add(slot: 1, .pending)
    cluster.service.revision = 2
    let plan = cluster.plan()
    #expect(plan.removals.map(\.id) == [old])
    #expect(plan.puts.map(\.revision) == [2])
  }

  @Test func deletionStopsAllThenRemovesTheService() {
    var cluster = Self.fixture(replicas: 2)
    let running = cluster.add(slot: 1, .running)
    cluster.add(slot: 1, .failed, desired: .shutdown)
    cluster.add(slot: 2, .pending)
    cluster.service.deleting = true
    let plan = cluster.plan()
    #expect(plan.puts.map(\.desiredState) == [.remove])
    #expect(plan.removals.count == 2)
    #expect(!plan.removesService)
    cluster.tasks.removeAll { $0.id == running }
    #expect(cluster.plan().removesService)
  }

  /// While others came and went beside it: what a slot had last says what it goes on with.
  @Test func whatEndedLastIsInTheHistoryThoughItIsTheOldest() throws {
    var cluster = PlanFixture()
    let first = cluster.add(slot: 1, .orphaned)
    for _ in 1...ServicePlanner.historyLimit { cluster.add(slot: 1, .shutdown, desired: .shutdown) }
    _ = cluster.plan()
    #expect(cluster.task(first)?.retiredAt == cluster.now)
    #expect(cluster.tasks.count == 1 + ServicePlanner.historyLimit)
  }

  @Test func historyIsBounded() {
    var cluster = Self.fixture(replicas: 1)
    cluster.add(slot: 1, .running)
    let ended = (0..<8).map { _ in cluster.add(slot: 1, .shutdown, desired: .shutdown) }
    #expect(Set(cluster.plan().removals.map(\.id)) == Set(ended.prefix(3)), "the oldest go")
  }

  @Test func oneOfTwoTasksForASlotIsKept() {
    var cluster = Self.fixture(replicas: 1)
    let preparing = cluster.add(slot: 1, .preparing)
    let running = cluster.add(slot: 1, .running)
    _ = cluster.plan()
    #expect(cluster.task(running)?.desiredState == .running)
    #expect(cluster.task(preparing)?.desiredState == .shutdown)
  }
}
