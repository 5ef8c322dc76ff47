import ClusterModel
import TestKit
import Testing

@testable import Manager

@Suite struct DispatcherTests {
  @Test func tellsTheCompleteSetThenChanges() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await fixture.addTask("t1", on: "n1")
      try await fixture.addTask("other", on: "n2")
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      guard case .complete(let tasks)? = try await worker.next() else { throw WarrenError(.internalError, "no complete set") }
      #expect(tasks.map(\.id) == ["t1"])

      try await fixture.addTask("t2", on: "n1")
      guard case .change(let updated, let removed)? = try await worker.next() else { throw WarrenError(.internalError, "no change") }
      #expect(updated.map(\.id) == ["t2"])
      #expect(removed.isEmpty)

      try await fixture.store.update { transaction in
        if let task = transaction.view.task("t1") { try transaction.remove(task) }
      }
      #expect(try await worker.next() == .change(updated: [], removed: ["t1"]))
    }
  }

  @Test func aReportIsStoredAndNotSentBack() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await fixture.addTask("t1", on: "n1")
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      try await worker.report("t1", .running)
      #expect(fixture.store.view.task("t1")?.status.state == .running)
      try await worker.report("t1", .preparing)
      #expect(fixture.store.view.task("t1")?.status.state == .running, "states only go forward")
      try await worker.report("t1", .preparing, attempt: 1)
      #expect(fixture.store.view.task("t1")?.status.attempt == 1)
      let commits = fixture.log.count
      try await worker.report("t1", .preparing, attempt: 1)
      #expect(fixture.log.count == commits, "the same again is not stored")
      try await fixture.addTask("t2", on: "n1")
      guard case .change(let updated, _)? = try await worker.next() else { throw WarrenError(.internalError, "no change") }
      #expect(updated.map(\.id) == ["t2"], "its own reports were not among the messages")
    }
  }

  @Test func aReportWithAnEndlessTextIsStoredShortened() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await fixture.addTask("t1", on: "n1")
      var status = TaskStatus(state: .waiting, message: String(repeating: "x", count: 2 * maximumCommandSize))
      status.lastExit = ExitStatus(code: -1, reason: status.message, at: .epoch)
      try await fixture.dispatcher.report(node: "n1", [TaskStatusUpdate(taskID: "t1", status: status)])
      let stored = try #require(fixture.store.view.task("t1")?.status)
      #expect(stored.message.utf8.count < 5000)
      #expect(stored.lastExit?.reason.hasPrefix("xxx") == true)
      #expect(
        try StoreCommand(changes: [.put(try #require(fixture.store.view.task("t1")), expected: 1)], proposedAt: .epoch).serialized().count < 16384)
    }
  }

  @Test func aRemovedTaskGoesWhenItsWorkerIsDone() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await fixture.addTask("t1", on: "n1", .running)
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      try await fixture.store.update { transaction in
        guard var task = transaction.view.task("t1") else { return }
        task.desiredState = .remove
        try transaction.put(task)
      }
      _ = try await worker.next()
      #expect(worker.tasks["t1"]?.desiredState == .remove)
      let commits = fixture.log.count
      try await worker.report("t1", .shutdown)
      #expect(fixture.store.view.task("t1") == nil)
      #expect(fixture.log.count == commits + 1)
      _ = try await worker.next()
      #expect(worker.tasks.isEmpty)
    }
  }

  @Test func refusesReportsOnAnotherNodesTask() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await fixture.addTask("mine", on: "n1")
      try await fixture.addTask("theirs", on: "n2")
      let error = await #expect(throws: WarrenError.self) {
        try await fixture.dispatcher.report(
          node: "n1", ["mine", "theirs"].map { TaskStatusUpdate(taskID: $0, status: TaskStatus(state: .running)) })
      }
      #expect(error?.code == .permissionDenied)
      #expect(fixture.store.view.tasks.allSatisfy { $0.status.state == .assigned }, "nothing was stored")
    }
  }

  @Test func answersAReportOnAnUnknownTaskWithItsRemoval() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      try await worker.report("ghost", .running)
      #expect(try await worker.next() == .change(updated: [], removed: ["ghost"]))
    }
  }

  @Test func aNewerSessionEndsTheOlder() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      var older = try await FakeWorker("n1", fixture.dispatcher)
      var newer = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await older.next()
      let error = await #expect(throws: WarrenError.self) { _ = try await older.next() }
      #expect(error?.code == .cancelled)
      _ = try await newer.next()
      try await fixture.addTask("t1", on: "n1")
      _ = try await newer.next()
      #expect(newer.tasks.count == 1)
      #expect(fixture.clock.sleepers == 0, "the node is not away")
    }
  }

  @Test func reportsCollectWhileACommitIsUnderWay() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      for number in 0..<50 { try await fixture.addTask(TaskID("t\(number)"), on: "n1") }
      let commits = fixture.log.count
      fixture.log.closeGate()
      try await withThrowingTaskGroup(of: Void.self) { group in
        let report: @Sendable (Int) async throws -> Void = { number in
          let update = TaskStatusUpdate(taskID: TaskID("t\(number)"), status: TaskStatus(state: .running))
          try await fixture.dispatcher.report(node: "n1", [update])
        }
        group.addTask { try await report(0) }
        try await fixture.settle { fixture.log.waiting == 1 }
        for number in 1..<50 { group.addTask { try await report(number) } }
        try await fixture.settle { await fixture.dispatcher.reports.count == 49 }
        fixture.log.openGate()
        try await group.waitForAll()
      }
      #expect(fixture.log.count == commits + 2, "the first at once, the others together")
      #expect(fixture.store.view.tasks.allSatisfy { $0.status.state == .running })
    }
  }

  @Test func aReporterHearsWhenStoringFailed() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await fixture.addTask("t1", on: "n1")
      fixture.log.fail(with: WarrenError(.unavailable, "no leader"))
      let update = TaskStatusUpdate(taskID: "t1", status: TaskStatus(state: .running))
      let error = await #expect(throws: WarrenError.self) { try await fixture.dispatcher.report(node: "n1", [update]) }
      #expect(error?.code == .unavailable)
      fixture.log.fail(with: nil)
      try await fixture.dispatcher.report(node: "n1", [update])
      #expect(fixture.store.view.task("t1")?.status.state == .running)
    }
  }
}
