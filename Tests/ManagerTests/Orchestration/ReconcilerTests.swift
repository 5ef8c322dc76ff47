import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

@Suite struct ReconcilerTests {
  /// Removing what ended long ago must fit into the log's largest command, however much there is.
  @Test func removalsAreSpreadOverTransactions() throws {
    var service = makeService("web")
    service.deleting = true
    var view = StoreView()
    view.set(service)
    for number in 0..<25 {
      var task = makeTask("t\(number)", service: "web", node: "n")
      task.desiredState = .shutdown
      task.status.state = .shutdown
      view.set(task)
    }
    let reconciler = Reconciler(now: .epoch, newID: { .random() }, budget: TransactionBudget(bytes: 10 * 64))
    var left: [Int] = []
    while view.services.count > 0, left.count < 10 {
      var transaction = StoreTransaction(base: view)
      let outcome = try reconciler.run(["web"], placement: false, in: &transaction)
      #expect(outcome.failed.isEmpty)
      #expect(outcome.hasMore == (outcome.done["web"] == nil))
      view = transaction.view
      left.append(view.tasks.count)
    }
    #expect(left == [15, 5, 0])
  }

  @Test func whatIsForNoPlatformThereIsTriedAgainLater() throws {
    var cluster = PlanFixture()
    cluster.add(slot: 1, .rejected, desired: .shutdown)
    cluster.add(slot: 1, .pending)
    var view = StoreView()
    view.set(cluster.nodes[0])
    view.set(cluster.service)
    for task in cluster.tasks { view.set(task) }
    var transaction = StoreTransaction(base: view)
    let outcome = try Reconciler(now: cluster.now, newID: { .random() }, budget: TransactionBudget()).run([], placement: true, in: &transaction)
    #expect(outcome.placeAgainAt == cluster.now + .seconds(300))
  }
}
