import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

@Suite struct GlobalPlanTests {
  @Test func makesATaskForEachNode() {
    var cluster = PlanFixture(nodes: 3, mode: .global)
    let plan = cluster.plan()
    #expect(plan.puts.compactMap(\.nodeID).sorted() == ["n1", "n2", "n3"])
    #expect(plan.puts.allSatisfy { $0.slot == 0 && $0.status.state == .pending })
    #expect(cluster.plan().isEmpty)
  }

  @Test func leavesOutNodesThatMayNotRunIt() {
    var cluster = PlanFixture(nodes: 4, mode: .global)
    cluster.service.spec.task.placement.constraints = ["node.labels.zone!=b"]
    cluster.nodes[0].availability = .drain
    cluster.nodes[1].state = .down
    cluster.nodes[2].labels = ["zone": "b"]
    #expect(cluster.plan().puts.compactMap(\.nodeID) == ["n4"])
  }

  @Test func followsNodes() {
    var cluster = PlanFixture(nodes: 3, mode: .global)
    let first = cluster.add(slot: 0, .running, on: "n1")
    let second = cluster.add(slot: 0, .running, on: "n2")
    let gone = cluster.add(slot: 0, .running, on: "n9")
    cluster.nodes[1].availability = .drain
    let plan = cluster.plan()
    #expect(cluster.task(first)?.desiredState == .running)
    #expect(cluster.task(second)?.desiredState == .shutdown)
    #expect(plan.removals.map(\.id) == [gone])
    #expect(plan.puts.contains { $0.nodeID == "n3" && $0.status.state == .pending })
  }

  @Test func aTaskWaitsForItsNode() {
    var cluster = PlanFixture(nodes: 2, mode: .global)
    cluster.add(slot: 0, .running, on: "n1")
    cluster.add(slot: 0, .running, on: "n2")
    cluster.nodes[0].state = .down
    #expect(cluster.plan().isEmpty)
  }

  @Test func deletionRemovesAll() {
    var cluster = PlanFixture(nodes: 1, mode: .global)
    cluster.add(slot: 0, .running)
    cluster.add(slot: 0, .pending)
    cluster.service.deleting = true
    let plan = cluster.plan()
    #expect(plan.puts.map(\.desiredState) == [.remove])
    #expect(plan.removals.count == 1)
  }
}
