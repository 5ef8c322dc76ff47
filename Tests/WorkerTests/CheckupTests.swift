import ClusterModel
import TestKit
import Testing

@testable import Worker

/// What checks decide, and what a task does about it.
struct CheckupTests {
  private let start = Timestamp(seconds: 1_000_000)
  private let well = ProbeOutcome(isSuccess: true, output: "")
  private func unwell(_ words: String = "HTTP 503") -> ProbeOutcome { ProbeOutcome(isSuccess: false, output: words) }

  private func check(_ change: (inout HealthCheck) -> Void = { _ in }) -> HealthCheck {
    var check = HealthCheck(.http(port: 80, path: "/"))
    change(&check)
    return check
  }

  private func task(_ change: (inout TaskSpec) -> Void) -> ClusterTask {
    var spec = TaskSpec(container: ContainerSpec(image: "web"))
    change(&spec)
    var task = ClusterTask(id: "t", serviceID: "s", serviceName: "web", slot: 1, revision: 1, spec: spec)
    task.status = TaskStatus(state: .assigned)
    return task
  }

  /// A machine whose container was just started, and what was done then.
  private func running(imageCheck: HealthCheck? = nil, _ change: (inout TaskSpec) -> Void) -> (TaskMachine, [TaskMachine.Action]) {
    var machine = TaskMachine(record: TaskRecord(assigned: task(change)), boot: BootID(rawValue: "1"))
    _ = machine.handle(.begin(nil), now: start)
    let made = machine.handle(.created(CreatedContainer(address: "10.0.0.2", imageCheck: imageCheck)), now: start)
    let started = machine.handle(.started(pid: 7), now: start)
    return (machine, made + started)
  }

  private func at(_ seconds: Double) -> Timestamp { start + .milliseconds(Int64(seconds * 1000)) }

  @Test func untilItIsReadyATaskIsInNoPort() {
    let readiness = check()
    var (machine, begun) = running { $0.readiness = readiness }
    #expect(begun.contains(.start(address: "10.0.0.2", isPublished: false)))
    #expect(begun.contains(.probe(.readiness, readiness, after: .zero)))
    #expect(machine.record.status.health == TaskHealth(state: .starting, isReady: false) && !machine.record.status.isUp)

    #expect(machine.handle(.probed(.readiness, attempt: 0, unwell()), now: at(1)).last == .probe(.readiness, readiness, after: .seconds(1)))
    let ready = machine.handle(.probed(.readiness, attempt: 0, well), now: at(2))
    #expect(ready.prefix(2) == [.save, .publish(true)] && ready.last == .probe(.readiness, readiness, after: .seconds(10)))
    #expect(machine.record.status.isUp && machine.record.status.since == start)

    for second in [12, 22] as [Double] {
      #expect(!machine.handle(.probed(.readiness, attempt: 0, unwell()), now: at(second)).contains(.publish(false)))
    }
    #expect(machine.handle(.probed(.readiness, attempt: 0, unwell()), now: at(32)).contains(.publish(false)))
    #expect(machine.record.status.health == TaskHealth(state: .unhealthy, isReady: false, output: "HTTP 503"))
    #expect(machine.phase == .running(since: start), "it is not restarted for that")
    #expect(machine.handle(.probed(.readiness, attempt: 0, well), now: at(42)).contains(.publish(true)), "one success is enough")
  }

  @Test func whatStandsByIsReadyButInNoPort() {
    var (machine, begun) = running { $0.readiness = check() }
    var told = machine.container.task
    told.isStandby = true
    #expect(machine.handle(.assigned(told), now: at(1)) == [.save, .report(machine.record.status)] && machine.record.status.isStandby)
    #expect(machine.handle(.assigned(told), now: at(1)) == [], "told again")
    let ready = machine.handle(.probed(.readiness, attempt: 0, well), now: at(2))
    #expect(machine.record.status.isUp && !machine.record.status.isServing && !ready.contains { if case .publish = $0 { true } else { false } })
    told.isStandby = false
    #expect(machine.handle(.assigned(told), now: at(3)) == [.save, .publish(true), .report(machine.record.status)])
    #expect(machine.record.status.isServing)
    told.isStandby = true
    #expect(machine.handle(.assigned(told), now: at(4)).contains(.publish(false)))
    begun = machine.handle(.probed(.readiness, attempt: 0, unwell()), now: at(5))
    #expect(!begun.contains(.publish(false)), "it is in none")
  }

  @Test func withoutAReadinessCheckItIsPublishedAtItsStartOrWhenItIsLed() {
    var standby = task { _ in }
    standby.isStandby = true
    var machine = TaskMachine(record: TaskRecord(assigned: standby), boot: BootID(rawValue: "1"))
    _ = machine.handle(.begin(nil), now: start)
    let made = machine.handle(.created(CreatedContainer(address: "10.0.0.2")), now: start)
    #expect(made.last == .start(address: "10.0.0.2", isPublished: false) && machine.record.status.isStandby)
    standby.isStandby = false
    #expect(machine.handle(.assigned(standby), now: start) == [], "while it starts nothing can be led to it")
    #expect(machine.handle(.started(pid: 7), now: start).contains(.publish(true)) && machine.record.status.isServing)
    // After a restart of the worker it is where it was.
    standby.isStandby = true
    _ = machine.handle(.assigned(standby), now: start)
    var next = TaskMachine(record: machine.record, boot: BootID(rawValue: "1"))
    let adopted = next.handle(.begin(.running(pid: 7, address: "10.0.0.2")), now: at(1))
    #expect(!adopted.contains(.publish(true)) && next.record.status.isStandby)
  }

  @Test func theEndOfTheLogIsKeptWithAFailure() {
    var (machine, _) = running { $0.readiness = check() }
    var failure = unwell()
    failure.lastLines = ["cannot reach the database"]
    _ = machine.handle(.probed(.readiness, attempt: 0, failure), now: at(1))
    #expect(machine.record.status.health?.lastLines == ["cannot reach the database"])
    failure.lastLines = ["more"]
    #expect(machine.handle(.probed(.readiness, attempt: 0, failure), now: at(60)).count == 1, "a log that goes on is no news")
    _ = machine.handle(.probed(.readiness, attempt: 0, well), now: at(61))
    #expect(machine.record.status.health?.lastLines == [])
    _ = machine.handle(.exited(ExitStatus(code: 3, reason: "exited with 3", at: at(62))), now: at(62))
    _ = machine.handle(.removed(lastLines: ["bye"]), now: at(62))
    #expect(machine.record.status.state == .waiting && machine.record.status.lastExit?.lastLines == ["bye"])
  }

  @Test func theEndOfTheLogIsNotKeptOfWhatEndedWell() {
    var (machine, _) = running { $0.restart.condition = .onFailure }
    _ = machine.handle(.exited(ExitStatus(code: 0, reason: "exited with 0", at: at(62))), now: at(62))
    _ = machine.handle(.removed(lastLines: ["bye"]), now: at(62))
    #expect(machine.record.status.state == .complete && machine.record.status.lastExit?.lastLines == [])
  }

  @Test func aContainerThatIsUnwellIsStoppedAndRestartedAsOneThatFailed() {
    let liveness = check { ($0.retries, $0.interval) = (2, .seconds(5)) }
    var (machine, begun) = running { spec in
      spec.liveness = liveness
      spec.restart.condition = .onFailure
    }
    #expect(begun.contains(.start(address: "10.0.0.2", isPublished: true)) && machine.record.status.isUp)
    _ = machine.handle(.probed(.liveness, attempt: 0, well), now: at(1))
    _ = machine.handle(.probed(.liveness, attempt: 0, unwell()), now: at(6))
    let stopped = machine.handle(.probed(.liveness, attempt: 0, unwell("no answer within 3s")), now: at(11))
    #expect(stopped.first == .save && stopped.last == .stop)
    #expect(machine.record.status.message == "unhealthy: no answer within 3s")
    // It ends well, and is restarted nevertheless.
    #expect(machine.handle(.stopped(ExitStatus(code: 0, reason: "exited", at: at(12))), now: at(12)) == [.save, .remove])
    #expect(machine.record.status.lastExit?.reason == "unhealthy: no answer within 3s")
    let next = machine.handle(.removed(), now: at(12))
    #expect(next.contains(.wait(.seconds(1))) && machine.record.attempt == 1)
    #expect(machine.handle(.probed(.liveness, attempt: 0, unwell()), now: at(13)).isEmpty, "of the attempt before")
  }

  @Test func theStartPeriodIsForgiven() throws {
    let liveness = check { ($0.startPeriod, $0.interval, $0.startInterval, $0.retries) = (.seconds(30), .seconds(5), .seconds(1), 3) }
    var checkup = try #require(Checkup(of: task { $0.liveness = liveness }, startedAt: start))
    for second in 0..<45 { checkup.take(unwell(), of: .liveness, now: at(Double(second))) }
    #expect(checkup.isDead == nil && checkup.pause(.liveness) == .seconds(1), "two of three that count, however often it is asked")
    checkup.take(unwell(), of: .liveness, now: at(45))
    #expect(checkup.isDead == "HTTP 503")

    var early = try #require(Checkup(of: task { $0.liveness = liveness }, startedAt: start))
    early.take(well, of: .liveness, now: at(1))
    #expect(early.pause(.liveness) == .seconds(5))
    for second in 2..<5 as Range<Int> { early.take(unwell(), of: .liveness, now: at(Double(second))) }
    #expect(early.isDead != nil, "after the first success every failure counts")
  }

  @Test func theImagesCheckCountsAsBothUnlessTheServiceHasOne() {
    let image = check { $0.probe = .exec(["true"]) }
    var (machine, begun) = running(imageCheck: image) { _ in }
    #expect(begun.contains(.start(address: "10.0.0.2", isPublished: false)) && begun.contains(.probe(.image, image, after: .zero)))
    #expect(machine.handle(.probed(.image, attempt: 0, well), now: at(1)).contains(.publish(true)))
    for second in [11, 21] as [Double] { _ = machine.handle(.probed(.image, attempt: 0, unwell()), now: at(second)) }
    #expect(machine.handle(.probed(.image, attempt: 0, unwell()), now: at(31)).last == .stop)

    #expect(running(imageCheck: image) { $0.ignoresImageHealth = true }.0.record.status.health == nil)
    let own = running(imageCheck: image) { $0.liveness = check() }
    #expect(own.1.contains(.start(address: "10.0.0.2", isPublished: true)) && !own.1.contains(.probe(.image, image, after: .zero)))
  }

  @Test func whatCouldNotBeAskedCountsForNothing() {
    let liveness = check { $0.retries = 1 }
    var (machine, _) = running { $0.liveness = liveness }
    for second in 0..<100 {
      #expect(machine.handle(.probed(.liveness, attempt: 0, nil), now: at(Double(second))) == [.probe(.liveness, liveness, after: .seconds(1))])
    }
  }

  @Test func whatAProbeSaysIsReportedNowAndThenOnly() {
    var (machine, _) = running { $0.readiness = check() }
    var reports = 0
    for step in 0..<60 {
      let actions = machine.handle(.probed(.readiness, attempt: 0, unwell("try \(step)")), now: at(Double(step) / 2))
      reports += actions.count { if case .report = $0 { true } else { false } }
    }
    #expect((5...12).contains(reports))
  }

  @Test func aRestartOfTheWorkerTakesNobodyOutOfThePorts() {
    let readiness = check()
    var (machine, _) = running { $0.readiness = readiness }
    _ = machine.handle(.probed(.readiness, attempt: 0, well), now: at(1))
    var next = TaskMachine(record: machine.record, boot: BootID(rawValue: "1"))
    let adopted = next.handle(.begin(.running(pid: 7, address: "10.0.0.2")), now: at(5))
    #expect(adopted.contains(.publish(true)) && adopted.contains(.probe(.readiness, readiness, after: .zero)) && next.record.status.isUp)
    #expect(!next.handle(.probed(.readiness, attempt: 0, unwell()), now: at(6)).contains(.publish(false)), "as many failures as before")
  }

  @Test func aRestartOfTheWorkerDoesNotSaveWhatWasUnwell() {
    var (machine, _) = running { spec in
      spec.liveness = check { ($0.retries, $0.interval) = (1, .seconds(1)) }
      spec.restart.condition = .onFailure
    }
    _ = machine.handle(.probed(.liveness, attempt: 0, unwell("stuck")), now: at(2))
    var next = TaskMachine(record: machine.record, boot: BootID(rawValue: "1"))
    #expect(next.handle(.begin(.running(pid: 7, address: "10.0.0.2")), now: at(5)).last == .stop)
    next = TaskMachine(record: machine.record, boot: BootID(rawValue: "1"))
    _ = next.handle(.begin(.exited(ExitStatus(code: 0, reason: "exited", at: at(3)))), now: at(5))
    #expect(
      next.record.status.lastExit?.reason == "unhealthy: stuck" && next.record.next == .restart(after: .seconds(1), message: "unhealthy: stuck"))
  }
}
