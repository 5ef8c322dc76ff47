import ClusterModel
import Glibc
import NIOConcurrencyHelpers
import TestKit
import Testing
import Worker

@testable import Manager

/// Sessions of a worker over real connections.
@Suite struct WorkerSessionTests {
  @Test func registersIsToldItsTasksAndReports() async throws {
    try await SessionFixture.run { fixture in
      try await fixture.addTask("t1")
      try await fixture.addTask("other", on: "n2")
      let session = try fixture.session()
      var assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
      #expect(fixture.store.view.node("n1")?.state == .ready)
      guard case .complete(let tasks)? = try await assignments.next() else { throw WarrenError(.internalError, "not the complete set") }
      #expect(tasks.map(\.id) == ["t1"])
      #expect(tasks.first == fixture.store.view.task("t1"))

      try await fixture.addTask("t2")
      #expect(try await assignments.nextTasks() == ["t2"])
      try await session.report("n1", [TaskStatusUpdate(taskID: "t1", status: TaskStatus(state: .running))])
      #expect(fixture.store.view.task("t1")?.status.state == .running, "answered when it is stored")
      try await session.report("n1", [TaskStatusUpdate(taskID: "ghost", status: TaskStatus(state: .running))])
      #expect(try await assignments.next() == .change(updated: [], removed: ["ghost"]))

      var node = SessionFixture.node
      node.runtimeProblem = "containerd does not answer"
      try await session.update(node)
      #expect(fixture.store.view.node("n1")?.runtimeProblem == "containerd does not answer")
    }
  }

  @Test func refusesReportsOnAnotherNodesTaskAndGoesOn() async throws {
    try await SessionFixture.run { fixture in
      try await fixture.addTask("mine")
      try await fixture.addTask("theirs", on: "n2")
      let session = try fixture.session()
      var assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
      _ = try await assignments.next()
      let error = await #expect(throws: WarrenError.self) {
        try await session.report("n1", [TaskStatusUpdate(taskID: "theirs", status: TaskStatus(state: .running))])
      }
      #expect(error?.code == .permissionDenied)
      #expect(fixture.store.view.task("theirs")?.status.state == .assigned)
      try await session.report("n1", [TaskStatusUpdate(taskID: "mine", status: TaskStatus(state: .running))])
    }
  }

  @Test func aSetThatFitsIntoNoMessageArrivesWhole() async throws {
    try await SessionFixture.run { fixture in
      for number in 0..<8 { try await fixture.addTask(TaskID("t\(number)")) { $0.spec.container.args = [String(repeating: "x", count: 700_000)] } }
      let session = try fixture.session()
      var assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
      #expect(try await assignments.next() == .complete(fixture.store.view.tasks(onNode: "n1").sorted { $0.id < $1.id }))
    }
  }

  @Test func aReportWithEndlessTextsAndManyTasksArrives() async throws {
    try await SessionFixture.run { fixture in
      for number in 0..<500 { try await fixture.addTask(TaskID("t\(number)")) }
      let session = try fixture.session()
      var assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
      _ = try await assignments.next()
      let text = String(repeating: "x", count: 100_000)
      try await session.report("n1", (0..<500).map { TaskStatusUpdate(taskID: TaskID("t\($0)"), status: TaskStatus(state: .running, message: text)) })
      #expect(fixture.store.view.tasks.allSatisfy { $0.status.state == .running })
    }
  }

  @Test func movesToAnotherManagerWhenItsOwnDies() async throws {
    try await SessionFixture.run(managers: 2) { fixture in
      try await fixture.addTask("t1")
      let session = try fixture.session(seeds: fixture.addresses)
      var assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
      #expect(try await assignments.nextTasks() == ["t1"])
      let first = try #require(await session.manager)
      let dead = try #require(fixture.managers.first { $0.address == first })
      await dead.kill()
      await #expect(throws: WarrenError.self) { _ = try await assignments.next() }
      await #expect(throws: WarrenError.self) {
        try await session.report("n1", [TaskStatusUpdate(taskID: "t1", status: TaskStatus(state: .running))])
      }

      assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
      #expect(await session.manager != first)
      #expect(try await assignments.nextTasks() == ["t1"])
      try await session.report("n1", [TaskStatusUpdate(taskID: "t1", status: TaskStatus(state: .running))])
      #expect(fixture.store.view.task("t1")?.status.state == .running)
    }
  }

  @Test func leavesAManagerThatFallsSilentWithinTwoSeconds() async throws {
    try await SessionFixture.run(managers: 2) { fixture in
      let session = try fixture.session(seeds: fixture.addresses)
      let assignments = try await session.open(SessionFixture.node)
      let first = await session.manager
      // Nobody lets the managers' time pass: they send no heartbeats.
      let reader = Task {
        for try await _ in assignments {}
      }
      let passed = try await fixture.passTime(until: "the session is over") { await session.isOver }
      #expect(passed <= .seconds(2))
      await #expect(throws: WarrenError.self) { try await reader.value }
      _ = try await session.open(SessionFixture.node)
      #expect(await session.manager != first)
    }
  }

  @Test func heartbeatsKeepBothEndsContent() async throws {
    try await SessionFixture.run { fixture in
      let session = try fixture.session()
      var assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
      _ = try await assignments.next()
      let manager = fixture.managers[0]
      // Both clocks go on together, a minute long.
      for _ in 0..<120 {
        try await eventually("all sleep") { fixture.clock.sleepers == 1 && manager.clock.sleepers == 2 }
        fixture.clock.advance(by: .milliseconds(500))
        manager.clock.advance(by: .milliseconds(500))
        try await eventually("the manager is heard") { await session.silence == .zero }
        try await eventually("the worker is heard") { await manager.dispatcher.sessions["n1"].map { $0.silence() < .seconds(2) } ?? false }
      }
      #expect(await !session.isOver)
      #expect(fixture.store.view.node("n1")?.state == .ready)
      try await session.report("n1", [])
      try await fixture.addTask("t1")
      #expect(try await assignments.nextTasks() == ["t1"])
    }
  }

  @Test func goesOnToTheNextWhenNobodyAnswersAtTheFirst() async throws {
    try await SessionFixture.run { fixture in
      // The kernel takes connections for it; nobody ever reads.
      let silent = try SilentListener()
      defer { silent.close() }
      let dead = "127.0.0.1:\(try TemporaryPorts.free(1)[0])"
      let dialled = NIOLockedValueBox<[String]>([])
      let addresses = [silent.address, dead, fixture.managers[0].address]
      let session = try fixture.session(seeds: addresses) { address in dialled.withLockedValue { $0.append(address) } }
      let opening = Task { try await session.open(SessionFixture.node) }
      let passed = try await fixture.passTime(until: "the silent one is given up") { dialled.withLockedValue { $0.count > 1 } }
      #expect(passed <= .seconds(2))
      // Who refuses is known at once: no time has to pass.
      _ = try await opening.value
      #expect(await session.manager == fixture.managers[0].address)
      #expect(dialled.withLockedValue { $0 } == addresses)
    }
  }

  @Test func saysWhatBecameOfEachWhenNoneAnswers() async throws {
    try await SessionFixture.run { fixture in
      let dead = try TemporaryPorts.free(2).map { "127.0.0.1:\($0)" }
      let session = try fixture.session(seeds: dead + ["nonsense"])
      let error = await #expect(throws: WarrenError.self) { _ = try await session.open(SessionFixture.node) }
      #expect(error?.code == .unavailable)
      for address in dead + ["nonsense"] { #expect(error?.message.contains(address) == true) }
    }
  }

  @Test func learnsTheManagersAndFindsThemAgainAfterARestart() async throws {
    try await SessionFixture.run(managers: 2) { fixture in
      let put: @Sendable (NodeID, String) async throws -> Void = { id, address in
        var node = ClusterNode(id: id, roles: [.manager], description: NodeDescription(hostname: "\(id)"))
        (node.state, node.apiAddress) = (.ready, address)
        let new = node
        try await fixture.store.update { try $0.put(new) }
      }
      try await put("m1", fixture.addresses[0])
      let session = try fixture.session()
      let assignments = try await session.open(SessionFixture.node)
      let journal = fixture.journal
      try await eventually("it knows the one") { try await journal.managers().map(\.address) == [fixture.addresses[0]] }
      try await put("m2", fixture.addresses[1])
      try await eventually("it knows the other, too") { try await journal.managers().map(\.address) == fixture.addresses }
      await fixture.managers[0].kill()
      withExtendedLifetime(assignments) {}

      let afterRestart = try fixture.session()
      _ = try await afterRestart.open(SessionFixture.node)
      #expect(await afterRestart.manager == fixture.addresses[1])
    }
  }
}

/// A port where connections are made and nothing is said.
struct SilentListener {
  let address: String
  private let descriptor: Int32

  init() throws {
    let port = try TemporaryPorts.free(1)[0]
    address = "127.0.0.1:\(port)"
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = UInt16(port).bigEndian
    name.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    let bound = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard bound == 0, listen(descriptor, 16) == 0 else { throw WarrenError(.internalError, "cannot listen on \(address)") }
  }

  func close() { _ = Glibc.close(descriptor) }
}
