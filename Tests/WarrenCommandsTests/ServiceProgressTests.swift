import SwiftProtobuf
import Testing
import WarrenAPI

@testable import WarrenCommands

@Suite struct ServiceProgressTests {
  private let now = Google_Protobuf_Timestamp(seconds: 1000)

  private func task(
    _ id: String, slot: UInt32, _ state: Warren_V1_TaskState, attempt: UInt32 = 0, since: Int64 = 999, wanted: Bool = true, _ message: String = ""
  )
    -> Warren_V1_WatchTasksResponse
  {
    .with {
      $0.kind = .updated
      $0.task.id = id
      ($0.task.serviceName, $0.task.slot) = ("web", slot)
      $0.task.desiredState = wanted ? .running : .shutdown
      ($0.task.status.state, $0.task.status.attempt, $0.task.status.message) = (state, attempt, message)
      $0.task.status.since.seconds = since
    }
  }

  private func progress(_ goal: ServiceProgress.Goal, _ changes: [Warren_V1_WatchTasksResponse], synced: Bool = true) -> ServiceProgress {
    var progress = ServiceProgress(name: "web", goal: goal)
    for change in changes { _ = progress.apply(change, now: now) }
    if synced { _ = progress.apply(.with { $0.kind = .synced }, now: now) }
    return progress
  }

  @Test func `All replicas running is the goal, once the whole picture is there`() {
    let both = [task("a", slot: 1, .running), task("b", slot: 2, .running)]
    #expect(progress(.running(replicas: 2), both).isConverged(now: now))
    #expect(!progress(.running(replicas: 2), both, synced: false).isConverged(now: now))
    #expect(!progress(.running(replicas: 3), both).isConverged(now: now))
    #expect(!progress(.running(replicas: 2), [task("a", slot: 1, .running), task("b", slot: 2, .preparing)]).isConverged(now: now))
  }

  @Test func `Without tasks it says what it starts after`() {
    var waiting = progress(.running(replicas: 2), [])
    #expect(waiting.lacksReason && !waiting.isConverged(now: now))
    waiting.waitingFor = ["db", "cache"]
    #expect(waiting.reasons(now: now) == ["starts after db, cache"])
    #expect(!progress(.running(replicas: 0), []).lacksReason && !progress(.running(replicas: 1), [task("a", slot: 1, .pending)]).lacksReason)
  }

  @Test func `Two tasks in one slot do not make two replicas`() {
    #expect(!progress(.running(replicas: 2), [task("a", slot: 1, .running), task("b", slot: 1, .running)]).isConverged(now: now))
  }

  @Test func `Scaling down is done when what is too many has stopped`() {
    #expect(!progress(.running(replicas: 1), [task("a", slot: 1, .running), task("b", slot: 2, .running, wanted: false)]).isConverged(now: now))
    #expect(progress(.running(replicas: 1), [task("a", slot: 1, .running), task("b", slot: 2, .shutdown, wanted: false)]).isConverged(now: now))
    #expect(!progress(.running(replicas: 0), [task("a", slot: 1, .running)]).isConverged(now: now))
    #expect(progress(.running(replicas: 0), []).isConverged(now: now))
  }

  @Test func `A container that was restarted counts after a while only`() {
    #expect(!progress(.running(replicas: 1), [task("a", slot: 1, .running, attempt: 2, since: 999)]).isConverged(now: now))
    #expect(progress(.running(replicas: 1), [task("a", slot: 1, .running, attempt: 2, since: 990)]).isConverged(now: now))
    let ahead = progress(.running(replicas: 1), [task("a", slot: 1, .running, attempt: 2, since: 5000)])
    #expect(!ahead.isConverged(now: now))
    #expect(ahead.isConverged(now: Google_Protobuf_Timestamp(seconds: 1005)), "a node whose clock is ahead")
  }

  @Test func `A container is looked at until it has run for a moment, counted from when it started`() {
    func left(_ changes: [Warren_V1_WatchTasksResponse]) -> Duration { progress(.running(replicas: changes.count), changes).settling(now: now) }
    #expect(left([task("a", slot: 1, .running, since: 1000), task("b", slot: 2, .running)]) == .milliseconds(30))
    #expect(left([task("a", slot: 1, .running, since: 5000)]) == .milliseconds(30), "a node whose clock is ahead")
    let ahead = progress(.running(replicas: 1), [task("a", slot: 1, .running, since: 5000)])
    #expect(ahead.settling(now: Google_Protobuf_Timestamp(seconds: 1001)) <= .zero, "for a while, by the clock here")
    #expect(left([task("a", slot: 1, .running)]) <= .zero)
    #expect(left([task("a", slot: 1, .complete, since: 1000)]) == .zero)
    #expect(left([]) == .zero)
  }

  @Test func `A task that ran to its end counts, one that gave up ends the wait`() {
    #expect(progress(.running(replicas: 1), [task("a", slot: 1, .complete)]).isConverged(now: now))
    #expect(progress(.running(replicas: 1), [task("a", slot: 1, .failed)]).givenUp?.id == "a")
    #expect(progress(.gone, [task("a", slot: 1, .failed)]).givenUp == nil)
  }

  @Test func `A global service needs at least one task`() {
    #expect(!progress(.running(replicas: nil), []).isConverged(now: now))
    #expect(progress(.running(replicas: nil), []).reasons(now: now) == ["no node fits yet"])
    #expect(progress(.running(replicas: nil), [task("a", slot: 0, .running)]).isConverged(now: now))
  }

  @Test func `Deleting is done when the last task is gone`() {
    var deletion = progress(.gone, [task("a", slot: 1, .stopping, wanted: false)])
    #expect(!deletion.isConverged(now: now))
    _ = deletion.apply(
      .with {
        $0.kind = .removed
        $0.task.id = "a"
      }, now: now)
    #expect(deletion.isConverged(now: now))
  }

  @Test func `The same reason is told once, and only changes are reported`() {
    let reason = "1 node: not enough memory"
    var waiting = progress(.running(replicas: 2), [task("a", slot: 1, .pending, reason), task("b", slot: 2, .pending, reason)])
    #expect(waiting.reasons(now: now) == ["web.1 pending: \(reason)"])
    #expect(waiting.apply(task("a", slot: 1, .pending, reason), now: now) == nil)
    #expect(waiting.apply(task("a", slot: 1, .preparing), now: now)?.id == "a")
    #expect(waiting.apply(task("a", slot: 1, .pending, reason), now: now) == nil, "it was told before")
  }

  @Test func `A task that is tried again says what went wrong before`() {
    var status = Warren_V1_TaskStatus.with { ($0.state, $0.attempt, $0.message) = (.preparing, 1, "pulling a") }
    #expect(status.words == "preparing: pulling a")
    status.lastExit.reason = "no such image"
    #expect(status.words == "preparing: pulling a; before: no such image")
    status.state = .running
    #expect(status.explanation == "pulling a")
  }

  @Test func `Off a terminal progress is one line per change`() {
    let written = Recorder()
    var printer = ProgressPrinter(terminalWidth: nil) { written.text += $0 }
    printer.show(name: "web", done: 0, of: 2, count: "0/2 running", reason: "x")
    printer.show(name: "web", done: 0, of: 2, count: "0/2 running", reason: "y")
    printer.change("web.1: waiting")
    printer.show(name: "web", done: 2, of: 2, count: "2/2 running", reason: nil)
    printer.finish()
    #expect(written.text == "web: 0/2 running\nweb.1: waiting\nweb: 2/2 running\n")
  }

  @Test func `On a terminal it is one line that fits`() {
    let written = Recorder()
    var printer = ProgressPrinter(terminalWidth: 40) { written.text += $0 }
    printer.show(name: "web", done: 1, of: 2, count: "1/2 running", reason: String(repeating: "long ", count: 20))
    #expect(written.text.hasPrefix("\r\u{1B}[Kweb [██████████░░░░░░░░░░] 1/2 run"))
    #expect(written.text.count == 39 + 4)
    printer.finish()
    #expect(written.text.hasSuffix("\n"))
  }
}

private final class Recorder { var text = "" }
