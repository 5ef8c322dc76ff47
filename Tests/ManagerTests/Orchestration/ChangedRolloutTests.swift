import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

/// Rollouts that are overtaken by another change, or by the loss of a node. The simulator of rollouts has found each of these.
@Suite struct ChangedRolloutTests {
  @Test func otherConstraintsDoNotTakeAllTasksAtOnce() throws {
    var web = try RolloutFixture()
    try web.change { service, now in
      var template = service.spec.task
      template.placement.constraints = ["node.id!=m1"]
      service.update(to: template, at: now)
    }
    try web.finish { web in #expect(Set(web.wanted.filter(\.status.isUp).map(\.slot)).count == 4) }
    #expect(web.rollout?.state == .completed && web.wanted.allSatisfy { $0.revision == 2 && $0.nodeID != "m1" })
  }

  @Test func whatAnEarlierRolloutLeftIsNoProgress() throws {
    var web = try RolloutFixture(replicas: 3) { $0.update.parallelism = .slots(3) }
    try web.update()
    try web.obey()
    #expect(web.wanted.filter { $0.revision == 2 }.count == 3)
    try web.change { service, now in try service.rollBack(to: 1, at: now) }
    try web.finish()
    // Each slot has an ended task of revision 2, which is newer than the one that serves.
    try web.change { service, now in try service.rollBack(to: 2, at: now) }
    #expect(web.wanted.filter { $0.revision == 2 }.map(\.slot) == [1], "one slot at a time")
  }

  @Test func theOldTaskStaysThoughTheNewOneHasToMove() throws {
    var web = try RolloutFixture(replicas: 1)
    try web.update()
    try web.obey()
    let new = try #require(web.wanted.first { $0.revision == 2 })
    var node = try #require(new.nodeID.flatMap(web.cluster.view.node))
    node.availability = .drain
    node.drainDeadline = web.cluster.now + .seconds(300)
    try web.cluster.update { try $0.put(node) }
    try web.cluster.work()
    #expect(web.serving == ["1@1", "1@2"])
    try web.finish()
    #expect(web.rollout?.state == .completed && web.serving == ["1@2"])
  }

  @Test func aTaskOnANodeThatIsDownDoesNotProveItself() throws {
    var web = try RolloutFixture(replicas: 1) { $0.update.monitor = .zero }
    try web.update()
    let new = try #require(web.wanted.first { $0.revision == 2 })
    let node = try #require(new.nodeID)
    var status = new.status
    status.state = .running
    try web.cluster.report(new, status, from: node)
    try web.cluster.loseNode(node, stored: true)
    try web.cluster.work()
    #expect(web.serving == ["1@1"])
  }

  @Test func aTaskOnANodeThatIsDownIsNotLate() throws {
    var web = try RolloutFixture(replicas: 1, nodes: 1) { $0.task.readiness = HealthCheck(.tcp(port: 80)) }
    try web.update()
    try web.obey()
    try web.cluster.loseNode("m1", stored: true)
    try web.advance(.seconds(60))
    #expect(web.rollout?.state == .running && web.rollout?.failures == 0)
  }

  /// Stop-first, one at a time, overtakes start-first, all at a time: only what serves is left alone.
  @Test(arguments: [true, false]) func anotherOrderTakesNoMoreThanItMay(isUpdate: Bool) throws {
    var web = try RolloutFixture { $0.update.parallelism = .slots(0) }
    try web.update()
    try web.change { service, now in
      service.spec.update.parallelism = .slots(1)
      service.spec.update.order = .stopFirst
      guard isUpdate else { return }
      var template = service.spec.task
      template.container.image = "web:3"
      service.update(to: template, at: now)
    }
    try web.finish { web in #expect(Set(web.wanted.filter(\.status.isUp).map(\.slot)).count >= 3) }
    #expect(web.rollout?.state == .completed && web.serving.count == 4)
  }

  /// Blue-green is not for tasks that serve already.
  @Test func anUpdateBackToWhatServesPutsNothingAside() throws {
    var web = try staged(replicas: 3)
    let before = Set(web.wanted.filter { $0.revision == 1 }.map(\.id))
    try web.update(image: "web:1")
    try web.finish { #expect(Set($0.serving) == ["1@1", "2@1", "3@1"]) }
    #expect(web.rollout?.to == 1 && Set(web.wanted.map(\.id)) == before)
  }

  /// Promoted, the new task serves only when its worker says so.
  @Test func anUpdateRightAfterAPromotionLeavesNoGap() throws {
    var web = try staged(replicas: 1)
    try web.change { try $0.promoteRollout(at: $1) }
    try web.update(image: "web:3")
    #expect(web.serving == ["1@1"])
    try web.settle()
    #expect(web.serving == ["1@2"])
  }

  @Test func whatIsKeptLeavesANodeThatDrains() throws {
    var web = try staged(replicas: 1)
    try web.change { try $0.promoteRollout(at: $1) }
    try web.settle()
    #expect(web.standby == ["1@1"])
    var node = try #require(web.wanted.first { $0.revision == 1 }?.nodeID.flatMap(web.cluster.view.node))
    node.availability = .drain
    node.drainDeadline = web.cluster.now + .seconds(10)
    try web.cluster.update { try $0.put(node) }
    try web.advance(.seconds(10))
    #expect(!web.wanted.contains { $0.nodeID == node.id })
  }

  @Test func aTaskThatLeavesItsNodeAtOnceDoesNotProveItself() throws {
    var web = try RolloutFixture(replicas: 1) { $0.update.monitor = .zero }
    try web.update()
    let new = try #require(web.wanted.first { $0.revision == 2 })
    var node = try #require(new.nodeID.flatMap(web.cluster.view.node))
    var status = new.status
    status.state = .running
    try web.cluster.report(new, status, from: node.id)
    node.availability = .drain
    try web.cluster.update { try $0.put(node) }
    try web.cluster.work()
    #expect(web.serving == ["1@1"])
  }

  /// A node that only the new constraints allow waits for its turn with a task that has no place there, and is not asked again and again.
  @Test func aTaskWithoutAPlaceIsMadeOnce() throws {
    var web = try RolloutFixture {
      $0.mode = .global
      $0.task.placement.constraints = ["node.id!=m1"]
    }
    try web.change { service, now in
      var template = service.spec.task
      template.placement.constraints = []
      service.update(to: template, at: now)
      try service.pauseRollout(because: "by hand")
    }
    let waiting = try #require(web.wanted.first { $0.nodeID == "m1" })
    web.cluster.agenda.addEverything()
    try web.cluster.work()
    #expect(web.wanted.first { $0.nodeID == "m1" }?.id == waiting.id && waiting.status.state == .pending)
  }

  /// Not with what was tried there meanwhile, though all of it ends with the node at once.
  @Test func aSlotGoesOnWithWhatItHadLast() throws {
    var web = try RolloutFixture(replicas: 1, nodes: 1)
    try web.update()
    #expect(web.wanted.map(\.revision) == [1, 2])
    try web.change { service, now in
      var template = service.spec.task
      template.container.image = "web:3"
      service.update(to: template, at: now)
      try service.pauseRollout(because: "by hand")
    }
    try web.cluster.addNode("m2")
    try web.cluster.loseNode("m1", stored: true)
    try web.cluster.work()
    #expect(web.wanted.map(\.revision) == [1])
  }

  @Test(arguments: [true, false]) func aNewSlotBeginsWithWhatIsTrusted(isRollback: Bool) throws {
    var web = try RolloutFixture(replicas: 2)
    try web.update()
    if isRollback {
      try web.finish()
      try web.change { service, now in try service.rollBack(to: 1, at: now) }
    }
    try web.change { service, _ in
      service.spec.mode = .replicated(replicas: 3)
      try service.pauseRollout(because: "by hand")
    }
    #expect(web.wanted.filter { $0.slot == 3 }.map(\.revision) == [1])
  }

  /// Also when others have their delay to wait by the time that its old task has stopped. A pause leads it back: nothing of the new one runs.
  @Test(arguments: [true, false]) func aSlotThatWasStoppedForItsTurnHasIt(isPaused: Bool) throws {
    var web = try RolloutFixture(replicas: 3) {
      ($0.update.parallelism, $0.update.order) = (.slots(2), .stopFirst)
      ($0.update.delay, $0.update.monitor) = (.seconds(30), .zero)
    }
    try web.update()
    let slow = try #require(web.tasks.first { $0.slot == 2 && $0.desiredState == .shutdown })
    for _ in 0..<4 { try web.obey(except: slow.id) }
    #expect(web.wanted.contains { $0.slot == 1 && $0.provenAt != nil })
    if isPaused { try web.change { service, _ in try service.pauseRollout(because: "by hand") } }
    try web.settle()
    #expect(web.wanted.filter { $0.slot == 2 }.map(\.revision) == [isPaused ? 1 : 2])
    #expect(web.wanted.filter { $0.slot == 3 }.map(\.revision) == [1])
  }

  /// Its task of the rollback before was taken away; what stands by for another does not stand in for it.
  @Test func whatStandsByDoesNotCountAsServing() throws {
    var web = try staged(replicas: 2)
    #expect(web.standby == ["1@2", "2@2"])
    let lost = try #require(web.wanted.first { $0.slot == 2 && $0.revision == 1 })
    try web.cluster.report(lost, TaskStatus(state: .failed, since: web.cluster.now), from: lost.nodeID ?? "")
    var template = web.service.spec.task
    template.container.image = "web:3"
    try web.change { service, now in
      (service.spec.update.strategy, service.spec.update.order) = (.rolling, .stopFirst)
      service.update(to: template, at: now)
    }
    #expect(web.serving == ["1@1"])
  }

  /// The rollout that made the second is overtaken by one that is paused, and a node drains with some time left.
  @Test(arguments: [1, 2]) func ofTwoTheOneThatStaysIsKeptAndOneServesOn(nodes: Int) throws {
    var web = try RolloutFixture(replicas: 1, nodes: nodes)
    try web.update()
    try web.obey()
    #expect(web.serving == ["1@1", "1@2"])
    let newest = try #require(web.wanted.first { $0.revision == 2 })
    var node = try #require(newest.nodeID.flatMap(web.cluster.view.node))
    node.availability = .drain
    node.drainDeadline = web.cluster.now + .seconds(300)
    try web.cluster.update { try $0.put(node) }
    try web.change { service, now in
      service.spec.update.order = .stopFirst
      var template = service.spec.task
      template.container.image = "web:3"
      service.update(to: template, at: now)
      try service.pauseRollout(because: "by hand")
    }
    #expect(web.serving.contains(nodes == 1 ? "1@2" : "1@1"))
  }

  /// The store may have the first half of a step only.
  @Test func aRolloutIsNotOverWhileWhatGoesIsInTheStore() throws {
    var web = try RolloutFixture(replicas: 2)
    try web.update()
    var service = web.service
    service.spec.mode = .replicated(replicas: 0)
    try web.cluster.update { try $0.put(service) }
    let plan = ServicePlanner.plan(
      service: web.service, tasks: web.tasks, nodes: NodeDirectory(web.cluster.view.nodes), now: web.cluster.now, newID: { "new" })
    #expect(plan.service == nil && plan.puts.contains { $0.desiredState == .remove })
    try web.settle()
    #expect(web.rollout?.state == .completed && web.tasks.isEmpty)
  }

  @Test func aSlotThatWasScaledAwayIsNew() throws {
    var web = try RolloutFixture(replicas: 2)
    try web.update()
    try web.finish()
    try web.change { service, _ in service.spec.mode = .replicated(replicas: 1) }
    #expect(web.tasks.contains { $0.slot == 2 && $0.desiredState == .remove })
    try web.change { service, now in
      try service.rollBack(to: 1, at: now)
      try service.pauseRollout(because: "by hand")
      service.spec.mode = .replicated(replicas: 2)
    }
    try web.settle()
    #expect(web.wanted.filter { $0.slot == 2 }.map(\.revision) == [1], "not with what it had before it was scaled away")
  }

  private func staged(replicas: Int) throws -> RolloutFixture {
    var web = try RolloutFixture(replicas: replicas) { $0.update.strategy = .blueGreen(keep: .seconds(60)) }
    try web.update()
    try web.finish()
    #expect(web.rollout?.state == .staged)
    return web
  }
}
