import ClusterModel
import Testing

@testable import Manager

@Suite struct RolloutTests {
  @Test func startFirstNeverServesWithFewer() throws {
    var web = try RolloutFixture()
    try web.update()
    #expect(web.rollout?.state == .running && web.service.revision == 2)
    var most = 0
    try web.finish { web in
      #expect(Set(web.wanted.filter { $0.status.state == .running }.map(\.slot)).count == 4)
      most = max(most, web.wanted.count)
    }
    #expect(web.rollout?.state == .completed && web.serving == ["1@2", "2@2", "3@2", "4@2"])
    #expect(most == 5)
  }

  @Test(arguments: [1, 2, 3]) func stopFirstTakesNoMoreThanItMay(_ parallelism: Int) throws {
    var web = try RolloutFixture(replicas: 6) {
      $0.update.order = .stopFirst
      $0.update.parallelism = .slots(parallelism)
    }
    try web.update()
    var fewest = 6
    try web.finish { web in
      fewest = min(fewest, web.serving.count)
      #expect(web.wanted.count <= 6)
    }
    #expect(web.rollout?.state == .completed && web.serving.allSatisfy { $0.hasSuffix("@2") } && web.serving.count == 6)
    #expect(fewest == 6 - parallelism)
  }

  @Test func theOldTaskGoesWhenTheNewOneHasProvedItself() throws {
    var web = try RolloutFixture(replicas: 1)
    try web.update()
    try web.obey()
    #expect(web.serving == ["1@1", "1@2"])
    try web.advance(.milliseconds(4999))
    #expect(web.serving == ["1@1", "1@2"])
    try web.advance(.milliseconds(1))
    #expect(web.serving == ["1@2"] && web.rollout?.state == .running)
    // It ends when the old one has stopped.
    try web.obey()
    #expect(web.rollout?.state == .completed && web.rollout?.endedAt == web.cluster.now)
  }

  @Test func aDelayIsServedBetweenReplacements() throws {
    var web = try RolloutFixture(replicas: 2) {
      $0.update.delay = .seconds(30)
      $0.update.monitor = .zero
    }
    try web.update()
    try web.settle()
    #expect(web.serving == ["1@2", "2@1"])
    try web.advance(.seconds(29))
    try web.settle()
    #expect(web.serving == ["1@2", "2@1"])
    try web.advance(.seconds(1))
    try web.settle()
    #expect(web.serving == ["1@2", "2@2"] && web.rollout?.state == .completed)
  }

  @Test func aPercentageIsOfAllSlotsAndAtLeastOne() {
    var policy = UpdatePolicy()
    policy.parallelism = .percent(25)
    #expect([1, 3, 4, 10].map(policy.slotsAtOnce) == [1, 1, 1, 2])
    policy.parallelism = .slots(0)
    #expect(policy.slotsAtOnce(of: 7) == 7)
  }

  @Test func aBadUpdatePausesAndTheOldTasksServe() throws {
    var web = try RolloutFixture()
    try web.update()
    try web.finish(bad: ["web:2"])
    #expect(web.rollout?.state == .paused && web.rollout?.message == "web.1 failed: exited with 3" && web.rollout?.failures == 1)
    for _ in 0..<50 {
      try web.obey(bad: ["web:2"])
      try web.advance(.seconds(1))
    }
    #expect(web.serving == ["1@1", "2@1", "3@1", "4@1"])
    #expect(web.wanted.filter { $0.revision == 2 }.map(\.slot) == [1])
  }

  @Test func aBadUpdateUndoesItself() throws {
    var web = try RolloutFixture { $0.update.failureAction = .rollback }
    let before = web.wanted.map(\.id)
    try web.update()
    try web.finish(bad: ["web:2"]) { #expect(Set($0.serving.filter { $0.hasSuffix("@1") }).count == 4) }
    #expect(web.rollout?.kind == .rollback && web.rollout?.state == .completed && web.service.revision == 1)
    #expect(web.service.spec.task.container.image == "web:1")
    #expect(web.rollout?.message == "web.1 failed: exited with 3")
    // None of them was touched.
    #expect(web.wanted.map(\.id) == before)
  }

  @Test func whatFailsLaterInTheRolloutIsUndoneToo() throws {
    var web = try RolloutFixture {
      $0.update.failureAction = .rollback
      $0.update.order = .stopFirst
    }
    try web.update()
    try web.settle()
    try web.advance(.seconds(5))
    try web.obey()
    #expect(web.serving.contains("1@2"))
    try web.finish(bad: ["web:2"])
    #expect(web.rollout?.kind == .rollback && web.rollout?.state == .completed)
    #expect(web.serving == ["1@1", "2@1", "3@1", "4@1"])
  }

  @Test func someFailuresAreTolerated() throws {
    var web = try RolloutFixture(replicas: 4) { $0.update.maxFailureRatio = 0.25 }
    try web.update()
    try web.obey(bad: ["web:2"])
    #expect(web.rollout?.state == .running && web.rollout?.failures == 1)
    try web.finish()
    #expect(web.rollout?.state == .completed)
    try web.settle()
    #expect(web.serving == ["1@2", "2@2", "3@2", "4@2"])
  }

  @Test func continueReplacesAllWhateverFails() throws {
    var web = try RolloutFixture { $0.update.failureAction = .proceed }
    try web.update()
    try web.finish(bad: ["web:2"])
    #expect(web.rollout?.state == .completed && web.rollout?.failures == 4)
  }

  @Test func aPausedRolloutGoesOnWhereItWas() throws {
    var web = try RolloutFixture()
    try web.update()
    try web.obey()
    try web.change { service, _ in try service.pauseRollout(because: "paused by hand") }
    for _ in 0..<20 {
      try web.obey()
      try web.advance(.seconds(1))
    }
    #expect(web.serving == ["1@2", "2@1", "3@1", "4@1"])
    try web.change { service, _ in try service.resumeRollout() }
    try web.finish()
    #expect(web.serving == ["1@2", "2@2", "3@2", "4@2"])
  }

  @Test func afterAFailureResumeTriesAgainAndCountsAnew() throws {
    var web = try RolloutFixture()
    try web.update()
    try web.finish(bad: ["web:2"])
    try web.change { service, _ in try service.resumeRollout() }
    #expect(web.rollout?.failures == 0)
    try web.finish()
    try web.settle()
    #expect(web.rollout?.state == .completed && web.serving == ["1@2", "2@2", "3@2", "4@2"])
  }

  @Test func theNewerOfTwoUpdatesWins() throws {
    var web = try RolloutFixture()
    try web.update()
    try web.settle()
    try web.advance(.seconds(5))
    try web.settle()
    try web.update(image: "web:3")
    try web.finish { #expect(Set($0.wanted.filter { $0.status.state == .running }.map(\.slot)).count == 4) }
    #expect(web.rollout?.state == .completed && web.serving == ["1@3", "2@3", "3@3", "4@3"])
    // What was never all of the service is nothing to go back to.
    #expect(web.rollout?.from == 1)
  }

  @Test func aRollbackInTheMiddleReplacesOnlyWhatWasReplaced() throws {
    var web = try RolloutFixture()
    try web.update()
    try web.settle()
    try web.advance(.seconds(5))
    try web.settle()
    let untouched = web.wanted.filter { $0.revision == 1 && $0.slot > 2 }.map(\.id)
    try web.change { service, now in try service.rollBack(to: nil, at: now) }
    #expect(web.service.revision == 1)
    try web.finish()
    #expect(web.serving == ["1@1", "2@1", "3@1", "4@1"])
    #expect(web.wanted.filter { $0.slot > 2 }.map(\.id) == untouched)
  }

  @Test func anUpdateThatChangesNothingReplacesNothing() throws {
    var web = try RolloutFixture()
    let before = web.tasks
    try web.update(image: "web:1")
    #expect(web.tasks == before && web.rollout == nil && web.service.revision == 1)
    try web.update(image: "web:1", force: true)
    try web.finish()
    #expect(web.serving == ["1@2", "2@2", "3@2", "4@2"])
  }

  @Test func aTaskThatIsLostMeanwhileComesBackAsWhatItWas() throws {
    var web = try RolloutFixture()
    try web.update()
    try web.obey()
    try web.change { service, _ in try service.pauseRollout(because: "by hand") }
    let lost = try #require(web.wanted.first { $0.slot == 4 })
    try web.cluster.loseNode(try #require(lost.nodeID), stored: true)
    try web.settle()
    #expect(web.wanted.first { $0.slot == 4 }?.revision == 1)
    #expect(web.wanted.first { $0.slot == 4 }?.id != lost.id)
  }

  @Test func onADrainingNodeTheOldTaskServesUntilTheNewOneDoes() throws {
    var web = try RolloutFixture()
    try web.update()
    let old = try #require(web.wanted.first { $0.slot == 1 && $0.revision == 1 })
    var node = try #require(old.nodeID.flatMap(web.cluster.view.node))
    node.availability = .drain
    node.drainDeadline = web.cluster.now + .seconds(300)
    try web.cluster.update { try $0.put(node) }
    try web.finish { #expect(Set($0.wanted.filter { $0.status.state == .running }.map(\.slot)).count == 4) }
    #expect(web.rollout?.state == .completed && web.wanted.allSatisfy { $0.revision == 2 && $0.nodeID != node.id })
  }

  @Test func scalingMeanwhileIsDoneToo() throws {
    var web = try RolloutFixture(replicas: 2)
    try web.update()
    try web.obey()
    try web.change { service, _ in service.spec.mode = .replicated(replicas: 5) }
    try web.finish()
    #expect(web.serving == ["1@2", "2@2", "3@2", "4@2", "5@2"])
  }

  @Test func aGlobalServiceRollsNodeByNode() throws {
    var web = try RolloutFixture { $0.mode = .global }
    try web.update()
    try web.finish { web in
      #expect(Set(web.wanted.filter { $0.status.state == .running }.map(\.nodeID)).count == 3)
      #expect(web.wanted.count <= 4)
    }
    #expect(web.rollout?.state == .completed && web.serving == ["0@2", "0@2", "0@2"])
  }

  @Test func aServiceWithoutReplicasIsUpdatedAtOnce() throws {
    var web = try RolloutFixture(replicas: 0)
    try web.update()
    #expect(web.rollout?.state == .completed)
  }

  @Test func aTaskThatItsMachineTookDownHasNotFailed() throws {
    var web = try RolloutFixture()
    try web.update()
    try web.obey()
    let new = try #require(web.wanted.first { $0.revision == 2 })
    var status = new.status
    (status.attempt, status.state) = (1, .waiting)
    status.lastExit = ExitStatus(code: -1, reason: ExitStatus.lostWithItsMachine, at: web.cluster.now)
    try web.cluster.report(new, status, from: try #require(new.nodeID))
    try web.finish()
    #expect(web.rollout?.state == .completed && web.rollout?.failures == 0)
  }

  @Test func theOrderFollowsFromWhatTwoTasksWouldShare() {
    var spec = ServiceSpec(name: "web", task: TaskSpec(container: ContainerSpec(image: "web")))
    spec.task.ports = [PublishedPort(hostPort: 80, containerPort: 80)]
    #expect(spec.order(of: spec.update).order == .startFirst)
    spec.task.container.mounts = [Mount(kind: .bind, source: "/a", target: "/data", readOnly: true)]
    #expect(spec.order(of: spec.update).order == .startFirst)
    spec.task.container.mounts = [Mount(kind: .bind, source: "/a", target: "/data")]
    #expect(spec.order(of: spec.update) == (.stopFirst, "two tasks of a slot would write to /data at once"))
    spec.update.order = .startFirst
    #expect(spec.order(of: spec.update) == (.startFirst, nil))
    spec = ServiceSpec(name: "web", task: TaskSpec(container: ContainerSpec(image: "web")))
    spec.task.ports = [PublishedPort(hostPort: 80, containerPort: 80)]
    spec.task.network = .host
    #expect(spec.order(of: spec.update).order == .stopFirst)
  }
}
