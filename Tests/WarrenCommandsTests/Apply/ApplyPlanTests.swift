import ClusterModel
import NIOConcurrencyHelpers
import Testing
import WarrenAPI

@testable import WarrenCommands

@Suite struct ApplyPlanTests {
  private func spec(_ name: String = "web", _ change: (inout ServiceSpec) -> Void = { _ in }) -> ServiceSpec {
    var spec = ServiceSpec(name: name, mode: .replicated(replicas: 2), task: TaskSpec(container: ContainerSpec(image: "web:1")))
    change(&spec)
    return spec
  }

  private func change(to wanted: ServiceSpec, from old: ServiceSpec?) -> ApplyPlan.Change {
    ApplyPlan.Change(wanted: wanted, old: old.map { ClusterService(id: "s1", spec: $0) })
  }

  private var tasks: [ClusterTask] {
    [1, 2].map { slot in
      var task = ClusterTask(id: TaskID("t\(slot)"), serviceID: "s1", serviceName: "web", slot: slot, revision: 1, spec: spec().task)
      task.nodeID = "n1"
      return task
    }
  }

  @Test func whatIsNewIsToldWithoutDefaults() throws {
    let text = try change(
      to: spec {
        $0.task.container.env = ["A=b"]; $0.startsAfter = ["db"]
      }, from: nil
    ).description(tasks: [])
    #expect(text == "web is new:\n  replicated.replicas: 2\n  startsAfter: db\n  task.container.env: A=b\n  task.container.image: web:1\n")
  }

  @Test func noTextDisturbsTheTerminal() throws {
    let text = try change(to: spec { $0.task.container.env = ["A=\u{1B}[2Jx\ny"] }, from: spec()).description(tasks: [])
    #expect(text.contains("A= [2Jx y\n") && !text.contains("\u{1B}"))
  }

  @Test func whatChangesIsToldWithTheTasks() throws {
    let text = try change(
      to: spec("WEB") {
        $0.task.container.image = "web:2"; $0.mode = .replicated(replicas: 3)
      }, from: spec()
    ).description(tasks: tasks)
    #expect(
      text.hasPrefix(
        "web changes:\n  replicated.replicas: 2 → 3\n  task.container.image: web:1 → web:2\n  2 tasks would be replaced, 1 at a time, start-first:\n")
    )
    #expect(text.hasSuffix("  1 would be added.\n"))
  }

  @Test func whatIsSoAlreadyIsNothing() throws {
    #expect(change(to: spec("Web"), from: spec()).isNothing && !change(to: spec { $0.labels = ["a": "b"] }, from: spec()).isNothing)
    #expect(try change(to: spec(), from: spec()).description(tasks: tasks) == "web stays as it is.\n")
    var deleting = change(to: spec(), from: spec())
    deleting.old?.deleting = true
    #expect(!deleting.isNothing, "it cannot be taken for what was asked for")
    var plan = ApplyPlan([spec("a"), spec("b")])
    #expect(plan.changesAnything)
    for name in plan.names { try plan.found(ClusterService(id: "s", spec: spec(name)).wire, named: name) }
    #expect(!plan.changesAnything)
    // A name may be the id of another service.
    plan = ApplyPlan([spec("s")])
    try plan.found(ClusterService(id: "s", spec: spec("a")).wire, named: "s")
    #expect(plan.changes[0].old == nil)
  }

  @Test func theResultIsOneLine() {
    var service = ClusterService(id: "s1", spec: spec())
    func line(_ old: ClusterService?, _ wanted: ServiceSpec, isOver: Bool) -> String {
      ApplyResult(change: ApplyPlan.Change(wanted: wanted, old: old), service: service.wire).line(isOver: isOver)
    }
    #expect(line(nil, spec(), isOver: false) == "✓ Service created: web" && line(service, spec(), isOver: false) == "✓ Service unchanged: web")
    let old = service
    #expect(line(old, spec { $0.labels = ["a": "b"] }, isOver: false) == "✓ Service updated: web")
    service.update(to: spec { $0.task.container.image = "web:2" }.task, at: Timestamp(seconds: 5))
    #expect(line(old, service.spec, isOver: false) == "Update of web has begun" && line(old, service.spec, isOver: true) == "✓ Service updated: web")
    // One that goes on from before is waited for, too.
    #expect(ApplyResult(change: ApplyPlan.Change(wanted: service.spec, old: service), service: service.wire).isRolling)
  }
}

extension ApplyPlanTests {
  @Test func whatIsThereIsNotWaitedFor() {
    func isThere(_ wanted: ServiceSpec, _ mode: ServiceSpec.Mode, running: UInt32, desired: UInt32) -> Bool {
      var old = ClusterService(id: "s1", spec: spec())
      old.spec.mode = mode
      var answer = old.wire
      answer.tally = .with { ($0.running, $0.desired) = (running, desired) }
      var wanted = wanted
      wanted.mode = mode
      return ApplyResult(change: ApplyPlan.Change(wanted: wanted, old: old), service: answer).isThere
    }
    #expect(isThere(spec(), .replicated(replicas: 2), running: 2, desired: 2))
    #expect(isThere(spec(), .replicated(replicas: 0), running: 0, desired: 0))
    #expect(isThere(spec(), .global, running: 3, desired: 3))
    #expect(!isThere(spec(), .replicated(replicas: 2), running: 1, desired: 2))
    #expect(!isThere(spec(), .global, running: 0, desired: 0), "no node fits yet")
    #expect(!isThere(spec { $0.labels = ["a": "b"] }, .replicated(replicas: 2), running: 2, desired: 2), "it has just been changed")
  }
}

@Suite struct ProgressBoardTests {
  @Test func eachHasItsLine() {
    let written = NIOLockedValueBox("")
    let board = ProgressBoard(count: 2, terminalWidth: 80) { text in written.withLockedValue { $0 += text } }
    var printers = [0, 1].map { ProgressPrinter(on: board, at: $0) }
    printers[0].show(name: "a", done: 0, of: 1, count: "0/1 running", reason: nil)
    printers[1].show(name: "b", done: 1, of: 1, count: "1/1 running", reason: nil)
    printers[0].change("a.1: failed", matters: true)
    printers[1].change("b.1: preparing")
    for index in printers.indices { printers[index].finish() }
    // What a terminal shows at the end.
    var screen = [""]
    var row = 0
    for line in written.withLockedValue({ $0 }).replacing("\r\u{1B}[K", with: "").replacing("\u{1B}[2A", with: "\u{1}").split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      var line = line
      if line.first == "\u{1}" {
        line.removeFirst()
        row -= 2
      }
      while screen.count <= row { screen.append("") }
      screen[row] = String(line)
      row += 1
    }
    #expect(screen.map { $0.split(separator: " ").first ?? "" } == ["a.1:", "a", "b", ""])
  }

  @Test func withoutATerminalEachChangeIsALine() {
    let written = NIOLockedValueBox("")
    let board = ProgressBoard(count: 2, terminalWidth: nil) { text in written.withLockedValue { $0 += text } }
    var printer = ProgressPrinter(on: board, at: 1)
    printer.show(name: "b", done: 0, of: 1, count: "0/1 running", reason: nil)
    printer.show(name: "b", done: 0, of: 1, count: "0/1 running", reason: "x")
    printer.change("b.1: preparing")
    #expect(written.withLockedValue { $0 } == "b: 0/1 running\nb.1: preparing\n")
  }
}
