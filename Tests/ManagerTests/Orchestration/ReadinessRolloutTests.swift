import ClusterModel
import Testing

@testable import Manager

/// Rollouts of services whose tasks have to become ready.
@Suite struct ReadinessRolloutTests {
  private func fixture(replicas: Int = 3, startPeriod: Duration = .zero, _ change: (inout ServiceSpec) -> Void = { _ in }) throws -> RolloutFixture {
    try RolloutFixture(replicas: replicas) { spec in
      spec.task.readiness = HealthCheck(.http(port: 80, path: "/"))
      spec.task.readiness?.startPeriod = startPeriod
      change(&spec)
    }
  }

  @Test func theOldTaskStaysUntilTheNewOneIsReady() throws {
    var web = try fixture(replicas: 1) { $0.update.monitor = .zero }
    try web.update()
    try web.obey()
    #expect(web.wanted.count == 2 && web.serving == ["1@1"], "the new one runs, and is not ready")
    try web.obey()
    #expect(web.serving == ["1@2"])
  }

  @Test func neverFewerAreReady() throws {
    var web = try fixture()
    try web.update()
    try web.finish { web in #expect(Set(web.wanted.filter(\.status.isUp).map(\.slot)).count == 3) }
    #expect(web.rollout?.state == .completed && web.serving == ["1@2", "2@2", "3@2"])
  }

  @Test func whatIsNotReadyInTimeHasFailed() throws {
    var web = try fixture()
    try web.update()
    try web.finish(unready: ["web:2"])
    #expect(web.rollout?.state == .paused && web.rollout?.message == "web.1 failed: not ready in time: HTTP 503")
    #expect(web.serving == ["1@1", "2@1", "3@1"])
  }

  @Test func itIsRolledBackWhenThatIsAskedFor() throws {
    var web = try fixture { $0.update.failureAction = .rollback }
    try web.update()
    try web.finish(unready: ["web:2"])
    try web.finish()
    #expect(web.rollout?.kind == .rollback && web.rollout?.state == .completed)
    #expect(web.serving == ["1@1", "2@1", "3@1"] && web.service.spec.task.container.image == "web:1")
  }

  @Test func theStartPeriodIsWaitedFor() throws {
    var web = try fixture(startPeriod: .seconds(60))
    try web.update()
    try web.settle(unready: ["web:2"])
    try web.advance(.milliseconds(59_999))
    #expect(web.rollout?.state == .running)
    try web.advance(.milliseconds(1))
    #expect(web.rollout?.state == .paused)
  }

  @Test func aReportOfItsHealthDoesNotPutTheTimeOff() throws {
    var web = try fixture()
    try web.update()
    try web.settle(unready: ["web:2"])
    for second in 0..<5 {
      #expect(web.rollout?.state == .running)
      let new = try #require(web.wanted.first { $0.revision == 2 })
      var status = new.status
      status.health?.output = "try \(second)"
      try web.cluster.report(new, status, from: try #require(new.nodeID))
      try web.advance(.seconds(1))
    }
    #expect(web.rollout?.state == .paused)
  }

  @Test func onlyWhatIsReadyCounts() throws {
    var web = try fixture { $0.update.order = .stopFirst }
    #expect(web.cluster.view.tally(of: web.service) == (3, 3))
    try web.update()
    try web.settle(unready: ["web:2"])
    #expect(web.cluster.view.tally(of: web.service) == (2, 3))
  }

  @Test func whatIsRestartedForItsHealthHasFailed() throws {
    var web = try fixture()
    try web.update()
    try web.obey()
    let new = try #require(web.wanted.first { $0.revision == 2 })
    var status = new.status
    (status.attempt, status.state, status.message) = (1, .waiting, "unhealthy: stuck")
    status.lastExit = ExitStatus(code: 0, reason: "unhealthy: stuck", at: web.cluster.now)
    try web.cluster.report(new, status, from: try #require(new.nodeID))
    try web.cluster.work()
    #expect(web.rollout?.state == .paused && web.rollout?.message == "web.1 failed: unhealthy: stuck")
  }
}
