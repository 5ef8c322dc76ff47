import ClusterModel
import TestKit
import Testing

@testable import Manager
@testable import Orchestration

@Suite struct ControlLoopsTests {
  /// Tasks that run, once the worker has worked off what it was told.
  private static func runAll(_ worker: inout FakeWorker, until count: Int) async throws {
    while true {
      for task in worker.tasks.values where task.desiredState == .running && task.status.state == .assigned {
        try await worker.report(task.id, .running)
      }
      if worker.tasks.values.filter({ $0.desiredState == .running }).count >= count { return }
      _ = try await worker.next()
    }
  }

  @Test func aServiceIsPlacedWithOneCommit() async throws {
    try await LoopsFixture.run { fixture in
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      let commits = fixture.log.count
      try await fixture.createService("web", mode: .replicated(replicas: 3))
      guard case .change(let updated, _)? = try await worker.next() else { throw WarrenError(.internalError, "no change") }
      #expect(updated.count == 3)
      #expect(fixture.log.count == commits + 2, "the service, its placed tasks")
    }
  }

  @Test func scalesAndDeletes() async throws {
    try await LoopsFixture.run { fixture in
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      try await fixture.createService("web", mode: .replicated(replicas: 2))
      try await Self.runAll(&worker, until: 2)
      try await fixture.change("web") { $0.spec.mode = .replicated(replicas: 5) }
      try await Self.runAll(&worker, until: 5)
      try await fixture.eventually { $0.tasks.filter { $0.status.state == .running }.count == 5 }
      try await fixture.change("web") { $0.deleting = true }
      while worker.tasks.values.contains(where: { $0.desiredState == .running }) { _ = try await worker.next() }
      for task in worker.tasks.keys { try await worker.report(task, .shutdown) }
      try await fixture.eventually { $0.tasks.isEmpty && $0.services.isEmpty }
    }
  }

  @Test func aPendingTaskIsPlacedWhenANodeComes() async throws {
    try await LoopsFixture.run { fixture in
      try await fixture.createService("web", mode: .replicated(replicas: 1))
      try await fixture.eventually { $0.tasks.contains { $0.status.message == "the cluster has no nodes" } }
      _ = try await FakeWorker("n1", fixture.dispatcher)
      try await fixture.eventually { $0.tasks.contains { $0.status.state == .assigned && $0.nodeID == "n1" } }
    }
  }

  @Test func roomThatBecomesFreeIsUsed() async throws {
    try await LoopsFixture.run { fixture in
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      let port = PublishedPort(hostPort: 80, containerPort: 80)
      try await fixture.createService("a", mode: .replicated(replicas: 1)) { $0.ports = [port] }
      try await Self.runAll(&worker, until: 1)
      try await fixture.createService("b", mode: .replicated(replicas: 1)) { $0.ports = [port] }
      try await fixture.eventually { $0.tasks.contains { $0.status.message == "1 node: host port 80/tcp is taken by a.1" } }
      try await fixture.change("a") { $0.deleting = true }
      while worker.tasks.values.contains(where: { $0.desiredState == .running }) { _ = try await worker.next() }
      for task in worker.tasks.keys { try await worker.report(task, .shutdown) }
      try await fixture.eventually { $0.tasks.contains { $0.serviceName == "b" && $0.status.state == .assigned } }
    }
  }

  /// A node of another platform gets it; while there is none, it waits and says why.
  @Test func aTaskWhoseImageIsForAnotherPlatformIsReplaced() async throws {
    try await LoopsFixture.run { fixture in
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      try await fixture.createService("web", mode: .replicated(replicas: 1))
      while worker.tasks.isEmpty { _ = try await worker.next() }
      let first = worker.tasks.keys.first ?? ""
      try await worker.report(first, .rejected, since: fixture.clock.timestamp)
      try await fixture.settle { fixture.clock.sleepers == 1 }
      fixture.clock.advance(by: .seconds(1))
      try await fixture.eventually {
        $0.tasks.contains { $0.status.state == .pending && $0.status.message == "1 node: image nginx is not for linux/amd64" }
      }
      try await fixture.store.update {
        var node = PlanFixture.node("n2")
        node.description.architecture = "arm64"
        try $0.put(node)
      }
      try await fixture.eventually { $0.tasks.contains { $0.nodeID == "n2" && $0.status.state == .assigned } }
    }
  }

  @Test func tasksMoveFromANodeThatIsDown() async throws {
    try await LoopsFixture.run { fixture in
      let session = Task {
        var worker = try await FakeWorker("n1", fixture.dispatcher); while try await worker.next() != nil {}
      }
      try await fixture.eventually { $0.node("n1") != nil }
      try await fixture.createService("web", mode: .replicated(replicas: 2))
      try await fixture.eventually { $0.tasks(onNode: "n1").count == 2 }
      var other = try await FakeWorker("n2", fixture.dispatcher)
      session.cancel()
      try await fixture.settle { fixture.clock.sleepers > 0 }
      fixture.clock.advance(by: .seconds(10))
      try await fixture.eventually { view in
        view.tasks(onNode: "n2").filter { $0.status.state == .assigned }.count == 2
          && view.tasks(onNode: "n1").allSatisfy { $0.status.state == .orphaned }
      }
      while other.tasks.count < 2 { _ = try await other.next() }
    }
  }

  @Test func manyLargeTasksAreMadeInSeveralCommits() async throws {
    try await LoopsFixture.run { fixture in
      try await fixture.store.update { try $0.put(PlanFixture.node("n1")) }
      try await fixture.createService("web", mode: .replicated(replicas: 40)) {
        $0.container.env = ["A=" + String(repeating: "x", count: 100_000)]
      }
      try await fixture.eventually { $0.tasks.filter { $0.status.state == .assigned }.count == 40 }
    }
  }

  @Test func goesOnWhenTheStoreTakesChangesAgain() async throws {
    try await LoopsFixture.run { fixture in
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      try await fixture.createService("web", mode: .replicated(replicas: 2))
      while worker.tasks.count < 2 { _ = try await worker.next() }
      let before = fixture.log.count
      // The loops hear of the change and cannot store what follows from it.
      fixture.log.failAfterNext(with: WarrenError(.unavailable, "no leader"))
      try await fixture.change("web") { $0.spec.mode = .replicated(replicas: 5) }
      try await fixture.settle { fixture.clock.sleepers == 1 }
      #expect(fixture.log.count == before + 1)
      fixture.log.fail(with: nil)
      fixture.clock.advance(by: .seconds(1))
      while worker.tasks.count < 5 { _ = try await worker.next() }
    }
  }

  @Test func startsOverWhenTheStateIsReplaced() async throws {
    try await LoopsFixture.run { fixture in
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      try fixture.store.restore(fixture.store.snapshot()(), index: fixture.store.view.index)
      try await fixture.createService("web", mode: .replicated(replicas: 1))
      while worker.tasks.isEmpty { _ = try await worker.next() }
      #expect(worker.tasks.count == 1)
    }
  }
}
