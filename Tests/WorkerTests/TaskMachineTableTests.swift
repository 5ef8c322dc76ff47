import ClusterModel
import Testing

@testable import Worker

/// Every event in every phase, and what a machine makes of the journal of one that was cut short.
struct TaskMachineTableTests {
  private let start = Timestamp(seconds: 1_000_000)

  private enum Phase: String, CaseIterable { case new, waiting, creating, starting, running, stopping, removing, ended }
  private enum Happening: String, CaseIterable {
    case begin, assigned, unwanted, forgotten, progress, created, started, exited, probed, stopped, removed, failed, interrupted, timer
  }

  private func task(_ desired: ClusterTask.DesiredState = .running, _ change: (inout TaskSpec) -> Void = { _ in }) -> ClusterTask {
    var spec = TaskSpec(container: ContainerSpec(image: "web"))
    change(&spec)
    var task = ClusterTask(id: "t", serviceID: "s", serviceName: "web", slot: 1, revision: 1, spec: spec)
    task.status = TaskStatus(state: .assigned)
    task.desiredState = desired
    return task
  }

  private var liveness: HealthCheck {
    var check = HealthCheck(.tcp(port: 80))
    (check.retries, check.interval) = (1, .zero)
    return check
  }

  private var exit: ClusterModel.ExitStatus { ExitStatus(code: 3, reason: "exited with 3", at: start) }

  private func event(_ happening: Happening) -> TaskMachine.Event {
    switch happening {
    case .begin: .begin(nil)
    case .assigned: .assigned(task())
    case .unwanted: .assigned(task(.shutdown))
    case .forgotten: .forgotten
    case .progress: .progress("pulling web")
    case .created: .created(CreatedContainer(address: "10.0.0.2"))
    case .started: .started(pid: 7)
    case .exited: .exited(exit)
    case .probed: .probed(.liveness, attempt: 0, ProbeOutcome(isSuccess: false, output: "no answer"))
    case .stopped: .stopped(exit)
    case .removed: .removed()
    case .failed: .failed(message: "no luck")
    case .interrupted: .interrupted(message: "away")
    case .timer: .timer
    }
  }

  private func machine(in phase: Phase) -> TaskMachine {
    let path: [Happening] =
      switch phase {
      case .new: []
      case .creating: [.begin]
      case .starting: [.begin, .created]
      case .running: [.begin, .created, .started]
      case .removing: [.begin, .created, .started, .exited]
      case .waiting: [.begin, .created, .started, .exited, .removed]
      case .stopping: [.begin, .created, .started, .unwanted]
      case .ended: [.begin, .created, .started, .unwanted, .stopped, .removed]
      }
    var machine = TaskMachine(record: TaskRecord(assigned: task { $0.liveness = liveness }), boot: .unknown)
    for step in path { _ = machine.handle(event(step), now: start) }
    return machine
  }

  /// What an action is called in the table.
  private func name(_ action: TaskMachine.Action) -> String {
    switch action {
    case .save: "save"
    case .report(let status): "\(status.state)"
    case .create: "create"
    case .cancelCreate: "cancel"
    case .start: "start"
    case .watch: "watch"
    case .probe: "probe"
    case .publish(let isPublished): isPublished ? "publish" : "withdraw"
    case .stop: "stop"
    case .remove: "remove"
    case .wait: "wait"
    case .forget: "forget"
    }
  }

  /// By phase, what each event that matters leads to; every other one changes nothing.
  private let table: [Phase: [Happening: String]] = [
    .new: [.begin: "save preparing create", .unwanted: "save", .forgotten: "save"],
    .waiting: [.unwanted: "save save shutdown", .forgotten: "save save shutdown forget", .timer: "preparing create"],
    .creating: [
      .unwanted: "save cancel", .forgotten: "save cancel", .progress: "preparing", .created: "save starting start", .failed: "save remove",
      .interrupted: "save remove",
    ],
    .starting: [.unwanted: "save", .forgotten: "save", .started: "running watch probe", .failed: "save remove", .interrupted: "save remove"],
    .running: [.unwanted: "save stopping stop", .forgotten: "save stopping stop", .exited: "save remove", .probed: "save stopping stop"],
    .stopping: [.forgotten: "save", .stopped: "save remove"],
    .removing: [.unwanted: "save save", .forgotten: "save save", .removed: "save waiting wait"],
    .ended: [.forgotten: "forget"],
  ]

  @Test func everyEventInEveryPhase() {
    for phase in Phase.allCases {
      for happening in Happening.allCases {
        var machine = machine(in: phase)
        let actions = machine.handle(event(happening), now: start).map(name).joined(separator: " ")
        #expect(actions == table[phase]?[happening] ?? "", "\(happening) while \(phase)")
      }
    }
  }

  @Test func progressIsToldOnce() {
    var machine = machine(in: .creating)
    #expect(machine.handle(.progress("pulling web"), now: start).count == 1)
    #expect(machine.handle(.progress("pulling web"), now: start).isEmpty)
    #expect(machine.handle(.progress("unpacking web"), now: start).count == 1)
  }

  @Test func anInterruptionCostsNoAttempt() {
    var machine = TaskMachine(record: TaskRecord(assigned: task { $0.restart.condition = .none }), boot: .unknown)
    _ = machine.handle(.begin(nil), now: start)
    _ = machine.handle(.interrupted(message: "away"), now: start)
    let actions = machine.handle(.removed(), now: start)
    #expect(actions.map(name) == ["save", "waiting", "wait"])
    #expect(machine.record.status.message == "away" && machine.record.status.lastExit == nil)
    #expect(machine.record.restarts == RestartDecider())
  }

  /// The journal has what was decided; the next life neither decides again nor takes a removed container for a lost one.
  @Test(arguments: [nil, RuntimeContainer.State.lost, .exited(ExitStatus(code: 3, reason: "", at: .epoch))]) func aRemovalThatWasCutShortGoesOn(
    _ found: RuntimeContainer.State?
  ) {
    let before = machine(in: .removing).record
    #expect(before.next == .restart(after: .seconds(1), message: "exited with 3"))
    var machine = TaskMachine(record: before, boot: .unknown)
    #expect(machine.handle(.begin(found), now: start) == [.remove])
    #expect(machine.handle(.removed(), now: start).map(name) == ["save", "waiting", "wait"])
    #expect(machine.record.status.lastExit == exit && machine.record.attempt == 1)
    #expect(machine.record.restarts == before.restarts && machine.record.next == nil)
  }

  @Test func aRemovalThatWasCutShortEndsWhenTheTaskIsNoLongerWanted() {
    var record = machine(in: .removing).record
    record.task.desiredState = .shutdown
    var machine = TaskMachine(record: record, boot: .unknown)
    #expect(machine.handle(.begin(nil), now: start) == [.save, .remove])
    #expect(machine.handle(.removed(), now: start).map(name) == ["save", "shutdown"])
  }

  @Test func theRestOfADelayIsWaited() {
    let record = machine(in: .waiting).record
    var machine = TaskMachine(record: record, boot: .unknown)
    #expect(machine.handle(.begin(nil), now: start + .milliseconds(400)).last == .wait(.milliseconds(600)))
    machine = TaskMachine(record: record, boot: .unknown)
    #expect(machine.handle(.begin(nil), now: start + .seconds(2)).last == .create)
    // The clock was set back by a day.
    machine = TaskMachine(record: record, boot: .unknown)
    #expect(machine.handle(.begin(nil), now: start + .seconds(-86400)).last == .wait(RestartDecider.longestDelay))
  }

  /// The journal was written before the process was started, and not since.
  @Test func anAdoptedContainerHasRunSinceItWasStarted() {
    var machine = TaskMachine(record: machine(in: .starting).record, boot: .unknown)
    let actions = machine.handle(.begin(.running(pid: 7, address: "10.0.0.2")), now: start + .seconds(3600))
    #expect(actions.map(name) == ["running", "watch", "probe"])
    #expect(machine.record.status.since == start && machine.record.status.pid == 7)
    #expect(machine.phase == .running(since: start))
  }

  @Test func forgottenDuringItsLastRemovalItIsForgottenAfterwards() {
    let record = machine(in: .ended).record
    var machine = TaskMachine(record: record, boot: .unknown)
    #expect(machine.handle(.begin(nil), now: start).map(name) == ["shutdown", "remove"])
    #expect(machine.handle(.forgotten, now: start).map(name) == ["save"])
    #expect(machine.handle(.removed(), now: start).map(name) == ["save", "shutdown", "forget"])
  }
}
