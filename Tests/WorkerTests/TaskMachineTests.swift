import ClusterModel
import TestKit
import Testing

@testable import Worker

/// What one task does on its node, event by event.
@Suite struct TaskMachineTests {
  private let start = Timestamp(seconds: 1_000_000)
  private let boot = BootID(rawValue: "1")

  private func task(_ change: (inout TaskSpec) -> Void = { _ in }) -> ClusterTask {
    var spec = TaskSpec(container: ContainerSpec(image: "web"))
    change(&spec)
    var task = ClusterTask(id: "t", serviceID: "s", serviceName: "web", slot: 1, revision: 1, spec: spec)
    task.status = TaskStatus(state: .assigned)
    return task
  }

  private func machine(_ change: (inout TaskSpec) -> Void = { _ in }) -> TaskMachine {
    TaskMachine(record: TaskRecord(assigned: task(change)), boot: boot)
  }

  private func states(_ actions: [TaskMachine.Action]) -> [TaskState] {
    actions.compactMap { if case .report(let status) = $0 { status.state } else { nil } }
  }

  /// A machine whose container runs.
  private func running(_ change: (inout TaskSpec) -> Void = { _ in }) -> TaskMachine {
    var machine = machine(change)
    _ = machine.handle(.begin(nil), now: start)
    _ = machine.handle(.created(CreatedContainer(address: "10.0.0.2")), now: start)
    _ = machine.handle(.started(pid: 7), now: start)
    return machine
  }

  @Test func theUsualLife() {
    var machine = machine()
    let begun = machine.handle(.begin(nil), now: start)
    #expect(begun.contains(.create) && states(begun) == [.preparing])
    let created = machine.handle(.created(CreatedContainer(address: "10.0.0.2")), now: start)
    #expect(created.first == .save && created.last == .start(address: "10.0.0.2", isPublished: true))
    #expect(machine.record.startedIn == boot)
    let started = machine.handle(.started(pid: 7), now: start)
    #expect(started.last == .watch && states(started) == [.running])
    #expect(machine.record.status.pid == 7 && machine.record.status.address == "10.0.0.2")
  }

  @Test func anExitIsRememberedAndRestartedAfterTheDelay() {
    var machine = running()
    let later = start + .seconds(5)
    let exit = ExitStatus(code: 3, reason: "exited with 3", at: later)
    #expect(machine.handle(.exited(exit), now: later) == [.save, .remove])
    let removed = machine.handle(.removed(), now: later)
    #expect(removed.contains(.wait(.seconds(1))) && states(removed) == [.waiting])
    #expect(machine.record.attempt == 1 && machine.record.status.lastExit == exit && machine.record.startedIn == nil)
    let again = machine.handle(.timer, now: later + .seconds(1))
    #expect(again.contains(.create))
    #expect(machine.container.id == "t-1")
  }

  @Test func whatThisNodeCannotRunIsLeftToAnother() {
    var machine = machine()
    _ = machine.handle(.begin(nil), now: start)
    #expect(machine.handle(.rejected(message: "built for arm64"), now: start) == [.save, .remove])
    let removed = machine.handle(.removed(), now: start)
    #expect(states(removed) == [.rejected] && machine.record.status.message == "built for arm64" && machine.phase == .ended)
    #expect(machine.handle(.forgotten, now: start) == [.forget])
  }

  @Test func anImageThatIsMissingIsToldAndTriedAgain() {
    var machine = machine()
    _ = machine.handle(.begin(nil), now: start)
    _ = machine.handle(.failed(message: "manifest unknown"), now: start)
    let removed = machine.handle(.removed(), now: start)
    #expect(states(removed) == [.waiting])
    #expect(machine.record.status.message == "manifest unknown")
    #expect(machine.record.status.lastExit?.code == -1)
  }

  @Test func aPolicyOfNoneEndsTheTask() {
    var machine = running { $0.restart.condition = .none }
    _ = machine.handle(.exited(ExitStatus(code: 0, reason: "exited", at: start)), now: start)
    #expect(states(machine.handle(.removed(), now: start)) == [.complete])
    #expect(machine.phase == .ended)

    machine = running { $0.restart.condition = .none }
    _ = machine.handle(.exited(ExitStatus(code: 2, reason: "exited with 2", at: start)), now: start)
    #expect(states(machine.handle(.removed(), now: start)) == [.failed])
  }

  private func unwanted() -> ClusterTask {
    var task = task()
    task.desiredState = .shutdown
    return task
  }

  @Test func shutdownStopsRemovesAndEnds() {
    var machine = running()
    #expect(machine.handle(.assigned(unwanted()), now: start).contains(.stop))
    #expect(machine.handle(.stopped(ExitStatus(code: 143, reason: "killed by SIGTERM", at: start)), now: start) == [.save, .remove])
    #expect(states(machine.handle(.removed(), now: start)) == [.shutdown])
    #expect(machine.record.status.lastExit?.code == 143)
    #expect(machine.handle(.forgotten, now: start) == [.forget])
  }

  @Test func shutdownWhileItIsBeingMade() {
    var machine = machine()
    _ = machine.handle(.begin(nil), now: start)
    #expect(machine.handle(.assigned(unwanted()), now: start).contains(.cancelCreate))
    #expect(machine.handle(.failed(message: "cancelled"), now: start).contains(.remove))
    #expect(states(machine.handle(.removed(), now: start)) == [.shutdown])
  }

  @Test func shutdownWhileItWaitsOrIsRemoved() {
    var machine = running()
    _ = machine.handle(.exited(ExitStatus(code: 1, reason: "", at: start)), now: start)
    _ = machine.handle(.assigned(unwanted()), now: start)
    #expect(states(machine.handle(.removed(), now: start)) == [.shutdown])

    machine = running()
    _ = machine.handle(.exited(ExitStatus(code: 1, reason: "", at: start)), now: start)
    _ = machine.handle(.removed(), now: start)
    #expect(states(machine.handle(.assigned(unwanted()), now: start)) == [.shutdown])
    #expect(machine.handle(.timer, now: start).isEmpty)
  }

  @Test func afterARestartOfTheWorkerARunningContainerIsAdopted() {
    var machine = TaskMachine(record: running().record, boot: boot)
    let actions = machine.handle(.begin(.running(pid: 7, address: "10.0.0.2")), now: start + .seconds(9))
    #expect(actions.last == .watch && states(actions) == [.running] && !actions.contains(.create))
    #expect(machine.record.status.since == start)
  }

  @Test func afterARestartOfTheWorkerAnExitIsReportedWithItsRealCode() {
    var machine = TaskMachine(record: running().record, boot: boot)
    let exit = ExitStatus(code: 9, reason: "exited with 9", at: start + .seconds(3))
    #expect(machine.handle(.begin(.exited(exit)), now: start + .seconds(9)) == [.save, .remove])
    #expect(states(machine.handle(.removed(), now: start)) == [.waiting])
    #expect(machine.record.status.lastExit == exit)
  }

  @Test(arguments: [nil, RuntimeContainer.State.lost]) func aContainerLostWithItsRuntimeEndedIfItHadStarted(_ found: RuntimeContainer.State?) {
    var machine = TaskMachine(record: running().record, boot: boot)
    #expect(machine.handle(.begin(found), now: start) == [.save, .remove])
    #expect(machine.record.status.lastExit?.code == -1)
    #expect(machine.record.next == .restart(after: .seconds(1), message: "lost when its runtime went down"))

    // One that was never started is simply made again, as the same attempt.
    machine = self.machine()
    let actions = machine.handle(.begin(found), now: start)
    #expect(actions.contains(.create) && machine.record.attempt == 0)
  }

  /// However often the machine goes down: its containers start again at once, and none of it counts against them.
  @Test(arguments: [nil, RuntimeContainer.State.lost]) func aContainerLostWithItsMachineIsNotToBlame(_ found: RuntimeContainer.State?) {
    var record = running { $0.restart.maxAttempts = 1 }.record
    for attempt in 1...5 {
      var machine = TaskMachine(record: record, boot: BootID(rawValue: "after \(attempt)"))
      #expect(machine.handle(.begin(found), now: start) == [.save, .remove])
      #expect(machine.handle(.removed(), now: start).last == .wait(.zero))
      #expect(machine.record.attempt == attempt && machine.record.restarts == RestartDecider())
      #expect(machine.record.status.lastExit?.reason == "lost when its machine went down")
      _ = machine.handle(.timer, now: start)
      _ = machine.handle(.created(CreatedContainer(address: "")), now: start)
      _ = machine.handle(.started(pid: 9), now: start)
      record = machine.record
    }
  }

  @Test func aContainerThatMustRunOnlyOnceDoesNotRunAgainAfterItsMachineWentDown() {
    var machine = TaskMachine(record: running { $0.restart.condition = .none }.record, boot: BootID(rawValue: "2"))
    _ = machine.handle(.begin(.lost), now: start)
    #expect(states(machine.handle(.removed(), now: start)) == [.failed])
    #expect(machine.record.status.message == "lost when its machine went down; the restart policy is none")
  }

  /// Any order of events: never two calls to the runtime at once, never a container made while another may exist, and in the end nothing.
  @Test(arguments: 0..<200) func randomLives(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var machine = machine { spec in
      spec.restart.maxAttempts = 3
      if seed % 2 == 0 { (spec.readiness, spec.liveness) = (HealthCheck(.tcp(port: 80)), HealthCheck(.tcp(port: 81))) }
    }
    var now = start
    var exists = false
    var queue: [TaskMachine.Event] = [.begin(nil)]
    var forgotten = false
    for step in 0..<300 where !forgotten {
      now = now + .milliseconds(Int64(random.next() % 5000))
      if queue.isEmpty || random.next() % 7 == 0 {
        if step > 200 || random.next() % 20 == 0 { queue.append(.forgotten) } else if random.next() % 10 == 0 { queue.append(.assigned(unwanted())) }
      }
      guard !queue.isEmpty else { continue }
      let event = queue.remove(at: Int(random.next() % UInt64(queue.count)))
      for action in machine.handle(event, now: now) {
        switch action {
        case .create:
          #expect(!exists)
          exists = true
          queue.append(random.next() % 3 == 0 ? .failed(message: "x") : .created(CreatedContainer(address: "")))
        case .start: queue.append(random.next() % 4 == 0 ? .failed(message: "x") : .started(pid: 1))
        case .watch: queue.append(.exited(ExitStatus(code: Int32(random.next() % 2), reason: "", at: now)))
        case .probe(let role, _, _):
          let outcome = ProbeOutcome(isSuccess: random.next() % 2 == 0, output: "")
          queue.append(.probed(role, attempt: machine.record.attempt, random.next() % 5 == 0 ? nil : outcome))
        case .stop: queue.append(.stopped(nil))
        case .remove:
          exists = false
          queue.append(.removed())
        case .wait: queue.append(.timer)
        case .forget: forgotten = true
        case .save, .report, .cancelCreate, .publish: break
        }
      }
    }
    for _ in 0..<50 where !forgotten {
      let event: TaskMachine.Event = queue.isEmpty ? .forgotten : queue.removeFirst()
      for action in machine.handle(event, now: now) {
        switch action {
        case .create: queue.append(.created(CreatedContainer(address: "")))
        case .start: queue.append(.started(pid: 1))
        case .watch: queue.append(.exited(ExitStatus(code: 0, reason: "", at: now)))
        case .stop: queue.append(.stopped(nil))
        case .remove:
          exists = false
          queue.append(.removed())
        case .wait: queue.append(.timer)
        case .forget: forgotten = true
        case .save, .report, .cancelCreate, .publish, .probe: break
        }
      }
    }
    #expect(forgotten && !exists)
  }
}
