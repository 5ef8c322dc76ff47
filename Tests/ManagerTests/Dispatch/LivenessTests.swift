import ClusterModel
import TestKit
import Testing

@testable import Manager
@testable import Orchestration

@Suite struct LivenessTests {
  private static func state(_ fixture: LoopsFixture, _ node: NodeID = "n1") -> ClusterNode.State? { fixture.store.view.node(node)?.state }

  /// A worker is there and away again; its node's grace has begun.
  private static func comeAndGo(_ fixture: LoopsFixture) async throws {
    let session = Task {
      var worker = try await FakeWorker("n1", fixture.dispatcher); while try await worker.next() != nil {}
    }
    try await fixture.eventually { $0.node("n1")?.state == .ready }
    session.cancel()
    try await fixture.settle { fixture.clock.sleepers == 1 }
  }

  @Test func registeringAgainWritesNothing() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      var first = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await first.next()
      #expect(Self.state(fixture) == .ready)
      let commits = fixture.log.count
      var second = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await second.next()
      fixture.clock.advance(by: .seconds(3600))
      #expect(fixture.log.count == commits)
    }
  }

  @Test func keepsWhatPeopleSet() {
    var stored = PlanFixture.node("n1")
    stored.availability = .drain
    stored.labels = ["zone": "a", "disk": "hdd"]
    stored.state = .down
    stored.message = "gone"
    var announced = PlanFixture.node("n1", memory: 2 << 30)
    announced.labels = ["disk": "ssd"]
    let node = NodeRegistration.arrived(announced, stored: stored)
    #expect(node.availability == .drain)
    #expect(node.labels == ["zone": "a", "disk": "ssd"])
    #expect(node.description.resources.memoryBytes == 2 << 30)
    #expect(node.state == .ready && node.message.isEmpty)
  }

  @Test func nothingIsPlacedWhereTheRuntimeCannotBeUsedAndNothingIsReplacedThere() async throws {
    try await LoopsFixture.run { fixture in
      try await fixture.createService("web", mode: .replicated(replicas: 1))
      let worker = try await FakeWorker("n1", fixture.dispatcher)
      defer { withExtendedLifetime(worker) {} }
      try await fixture.eventually { $0.tasks.contains { $0.nodeID == "n1" } }
      let placed = Set(fixture.store.view.tasks.map(\.id))
      var node = try #require(fixture.store.view.node("n1"))
      node.runtimeProblem = "containerd does not answer"
      try await fixture.dispatcher.update(node: node)
      try await fixture.createService("api", mode: .replicated(replicas: 1))
      try await fixture.eventually { $0.tasks.contains { $0.status.message == "1 node: containerd does not answer" } }
      #expect(fixture.store.view.node("n1")?.state == .ready)
      #expect(Set(fixture.store.view.tasks.filter { $0.serviceName == "web" && $0.desiredState == .running }.map(\.id)) == placed)
      node.runtimeProblem = ""
      try await fixture.dispatcher.update(node: node)
      try await fixture.eventually { $0.tasks.allSatisfy { $0.nodeID == "n1" } }
      node.id = "n2"
      let unknown = node
      await #expect(throws: WarrenError.self) { try await fixture.dispatcher.update(node: unknown) }
    }
  }

  @Test func aNodeWhoseWorkerReturnsWhileItIsMarkedDownIsReadyAgain() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await Self.comeAndGo(fixture)
      fixture.log.closeGate()
      fixture.clock.advance(by: .seconds(10))
      try await fixture.settle { fixture.log.waiting == 1 }
      var back = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await back.next()
      fixture.log.openGate()
      try await fixture.eventually { $0.node("n1")?.state == .down }
      let end = await #expect(throws: WarrenError.self) { while try await back.next() != nil {} }
      #expect(end?.code == .unavailable && end?.message.contains("marked down just as it returned") == true)
      var again = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await again.next()
      #expect(Self.state(fixture) == .ready)
    }
  }

  @Test func aNodeThatIsMarkedDownJustAfterItsWorkerWasFoundReadyIsReadyAgain() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      fixture.log.afterNext { [store = fixture.store] in
        try await store.update { transaction in
          var node = try #require(transaction.view.node("n1"))
          node.state = .down
          try transaction.put(node)
        }
      }
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      #expect(Self.state(fixture) == .ready)
    }
  }

  @Test func aNodeIsDownWhenItsWorkerStaysAway() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await Self.comeAndGo(fixture)
      fixture.clock.advance(by: .seconds(9))
      #expect(Self.state(fixture) == .ready)
      fixture.clock.advance(by: .seconds(1))
      try await fixture.eventually { $0.node("n1")?.state == .down }
      #expect(fixture.store.view.node("n1")?.message == "its worker has not been heard from for 10 s")
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      #expect(Self.state(fixture) == .ready)
    }
  }

  @Test func aWorkerThatReturnsInTimeIsNotMissed() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      let session = Task {
        var worker = try await FakeWorker("n1", fixture.dispatcher); while try await worker.next() != nil {}
      }
      try await fixture.eventually { $0.node("n1") != nil }
      session.cancel()
      try await fixture.settle { fixture.clock.sleepers == 1 }
      fixture.clock.advance(by: .seconds(9))
      let commits = fixture.log.count
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      fixture.clock.advance(by: .seconds(60))
      try await fixture.settle { fixture.clock.sleepers == 0 }
      #expect(Self.state(fixture) == .ready)
      #expect(fixture.log.count == commits)
    }
  }

  @Test func aNodeThatIsAManagerOnlyIsNotMissed() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      var manager = PlanFixture.node("m1")
      manager.roles = [.manager]
      try await fixture.store.update { [manager] in
        try $0.put(manager)
        try $0.put(PlanFixture.node("n1"))
      }
    } _: { fixture in
      try await fixture.settle { fixture.clock.sleepers > 0 }
      fixture.clock.advance(by: .seconds(10))
      try await fixture.eventually { $0.node("n1")?.state == .down }
      #expect(Self.state(fixture, "m1") == .ready)
    }
  }

  @Test func afterAStartNodesHaveAFreshGrace() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      try await fixture.store.update { try $0.put(PlanFixture.node("n1")) }
    } _: { fixture in
      try await fixture.settle { fixture.clock.sleepers == 1 }
      fixture.clock.advance(by: .seconds(10))
      try await fixture.eventually { $0.node("n1")?.state == .down }
    }
  }

  @Test func aRemovedNodesSessionEnds() async throws {
    try await LoopsFixture.run(withLoops: false) { fixture in
      var worker = try await FakeWorker("n1", fixture.dispatcher)
      _ = try await worker.next()
      try await fixture.store.update { transaction in
        if let node = transaction.view.node("n1") { try transaction.remove(node) }
      }
      let error = await #expect(throws: WarrenError.self) { _ = try await worker.next() }
      #expect(error?.code == .failedPrecondition)
      #expect(fixture.clock.sleepers == 0)
    }
  }
}
