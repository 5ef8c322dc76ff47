import ClusterModel
import Testing

@testable import Manager

/// Two sets of tasks side by side: whoever is killed, scaled or rolled back meanwhile, the slots that serve are never fewer.
@Suite struct BlueGreenTests {
  private func web(replicas: Int = 3, keep: Duration = .seconds(60), _ change: (inout ServiceSpec) -> Void = { _ in }) throws -> RolloutFixture {
    try RolloutFixture(replicas: replicas) {
      $0.update.strategy = .blueGreen(keep: keep)
      change(&$0)
    }
  }

  private func staged(replicas: Int = 3, keep: Duration = .seconds(60)) throws -> RolloutFixture {
    var web = try web(replicas: replicas, keep: keep)
    try web.update()
    try web.finish { #expect(Set($0.serving) == Set((1...replicas).map { "\($0)@1" })) }
    #expect(web.rollout?.state == .staged)
    return web
  }

  private let old = ["1@1", "2@1", "3@1"]
  private let new = ["1@2", "2@2", "3@2"]

  @Test func allNewTasksRunBesideAllOldOnesUntilPromoted() throws {
    var web = try staged()
    #expect(web.serving == old && web.standby == new)
    #expect(web.rollout?.message == "all tasks of revision 2 run beside those that serve")
    try web.advance(.seconds(3600))
    try web.settle()
    #expect(web.serving == old && web.standby == new && web.rollout?.state == .staged)
  }

  @Test func promotionTurnsThePortsAndKeepsTheOldOnesForAWhile() throws {
    var web = try staged()
    let before = Set(web.wanted.map(\.id))
    try web.change { try $0.promoteRollout(at: $1) }
    // Only when the new one of a slot serves does the old one step aside.
    #expect(web.serving == old && web.wanted.filter(\.isStandby).isEmpty)
    try web.obey()
    #expect(Set(web.serving) == Set(old + new))
    try web.settle()
    #expect(web.serving == new && web.standby == old && Set(web.wanted.map(\.id)) == before)
    try web.advance(.seconds(59))
    try web.settle()
    #expect(web.standby == old && web.rollout?.state == .promoted)
    try web.advance(.seconds(1))
    try web.settle()
    #expect(web.serving == new && web.standby == [] && web.wanted.count == 3 && web.rollout?.state == .completed)
  }

  @Test func goingBackWhileTheOldOnesAreKeptMovesNoTask() throws {
    var web = try staged()
    let first = Set(web.wanted.filter { $0.revision == 1 }.map(\.id))
    try web.change { try $0.promoteRollout(at: $1) }
    try web.settle()
    try web.change { try $0.rollBack(to: nil, at: $1) }
    // The new ones serve on until the old ones do.
    #expect(web.serving == new)
    try web.obey()
    #expect(Set(web.serving).isSuperset(of: old))
    try web.settle()
    #expect(web.serving == old && Set(web.wanted.map(\.id)) == first && web.rollout?.state == .completed && web.service.revision == 1)
  }

  @Test func goingBackBeforeThePromotionOnlyStopsTheNewOnes() throws {
    var web = try staged()
    let first = web.wanted.filter { $0.revision == 1 }.map(\.id)
    try web.change { try $0.rollBack(to: nil, at: $1) }
    #expect(web.wanted.map(\.id) == first && web.tasks.filter { $0.revision == 2 }.allSatisfy(\.isStandby), "what stood by is never in a port")
    try web.settle()
    #expect(web.serving == old && web.wanted.map(\.id) == first && web.rollout?.state == .completed)
  }

  @Test func aBadVersionNeverServes() throws {
    var web = try web { $0.update.failureAction = .rollback }
    try web.update()
    try web.finish(bad: ["web:2"]) { #expect($0.serving == old) }
    #expect(web.rollout?.kind == .rollback && web.rollout?.lastLines == ["no such file"])
    #expect(web.wanted.map(\.revision) == [1, 1, 1])
  }

  @Test func bothSetsAreScaledAndHealed() throws {
    var web = try staged()
    try web.change { service, _ in service.spec.mode = .replicated(replicas: 4) }
    try web.settle()
    #expect(web.serving == old + ["4@1"] && web.standby == new + ["4@2"])
    try web.cluster.loseNode(try #require(web.wanted.first { $0.revision == 1 }?.nodeID), stored: true)
    try web.settle()
    #expect(web.serving == old + ["4@1"] && web.standby == new + ["4@2"])
    try web.change { service, _ in service.spec.mode = .replicated(replicas: 2) }
    try web.settle()
    #expect(web.serving.count == 2 && web.standby.count == 2)
  }

  @Test func aKeptTaskCoversForANewOneThatEnds() throws {
    var web = try staged(replicas: 1)
    try web.change { try $0.promoteRollout(at: $1) }
    try web.settle()
    #expect(web.serving == ["1@2"])
    let task = try #require(web.wanted.first { $0.revision == 2 })
    var status = task.status
    (status.attempt, status.state) = (1, .waiting)
    try web.cluster.report(task, status, from: try #require(task.nodeID))
    try web.cluster.work()
    #expect(web.wanted.first { $0.revision == 1 }?.isStandby == false)
    try web.settle()
    #expect(web.serving == ["1@2"] && web.standby == ["1@1"])
  }

  @Test func aNewerUpdateTakesThePlaceOfTheOneThatIsStaged() throws {
    var web = try staged()
    try web.update(image: "web:3")
    try web.finish { #expect($0.serving == old) }
    #expect(web.standby == ["1@3", "2@3", "3@3"] && web.rollout?.from == 1)
    try web.change { try $0.promoteRollout(at: $1) }
    try web.settle()
    #expect(web.serving == ["1@3", "2@3", "3@3"])
  }

  @Test func anUpdateWhileTheOldOnesAreKeptCountsFromTheNewOnes() throws {
    var web = try staged()
    try web.change { try $0.promoteRollout(at: $1) }
    try web.settle()
    try web.change { service, now in
      service.spec.update.strategy = .rolling
      var template = service.spec.task
      template.container.image = "web:3"
      service.update(to: template, at: now)
    }
    #expect(web.rollout?.from == 2 && web.rollout?.strategy == .rolling)
    try web.finish { #expect(Set($0.serving.map { $0.prefix(1) }).count == 3) }
    #expect(web.serving == ["1@3", "2@3", "3@3"] && web.wanted.count == 3)
  }

  @Test func aGlobalServiceHasBothSetsOnEachNode() throws {
    var web = try RolloutFixture(replicas: 0) {
      $0.mode = .global
      $0.update.strategy = .blueGreen(keep: .zero)
    }
    try web.update()
    try web.finish()
    #expect(web.rollout?.state == .staged && web.serving.count == 3 && web.standby.count == 3)
    try web.change { try $0.promoteRollout(at: $1) }
    try web.finish { #expect(Set($0.wanted.filter(\.status.isServing).map(\.nodeID)).count == 3) }
    try web.settle()
    #expect(web.rollout?.state == .completed && web.wanted.map(\.revision) == [2, 2, 2])
  }

  @Test func onlyWhatIsStagedCanBePromoted() throws {
    var web = try web()
    #expect(throws: WarrenError.self) { try web.change { try $0.promoteRollout(at: $1) } }
    try web.update()
    #expect(throws: WarrenError.self) { try web.change { try $0.promoteRollout(at: $1) } }
    try web.finish()
    try web.change { try $0.promoteRollout(at: $1) }
    #expect(throws: WarrenError.self) { try web.change { try $0.promoteRollout(at: $1) } }
  }

  @Test func itIsRefusedWhereTwoTasksAreInEachOthersWay() throws {
    var spec = ServiceSpec(name: "web", task: TaskSpec(container: ContainerSpec(image: "web")))
    spec.update.strategy = .blueGreen(keep: .zero)
    try spec.validate()
    spec.task.network = .host
    spec.task.ports = [PublishedPort(hostPort: 80, containerPort: 80)]
    let error = #expect(throws: WarrenError.self) { try spec.validate() }
    #expect(error?.message.contains("blue-green is not possible for web; with the host's network") == true)
    spec.task.network = .bridge
    spec.update.order = .stopFirst
    #expect(throws: WarrenError.self) { try spec.validate() }
    spec.update.order = nil
    spec.rollback.strategy = .canary(weights: [10])
    #expect(throws: WarrenError.self) { try spec.validate() }
  }
}
