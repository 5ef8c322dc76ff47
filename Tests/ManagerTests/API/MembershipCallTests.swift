import ClusterModel
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

/// Removing nodes, and changing their roles.
@Suite(.timeLimit(.minutes(10))) struct MembershipCallTests {
  private static func put(_ fixture: APIFixture) async throws {
    var manager = ClusterNode(id: "m1", roles: [.manager], description: NodeDescription(hostname: "m1"))
    (manager.memberID, manager.state) = (1, .ready)
    var worker = ClusterNode(id: "w1", roles: [.worker], description: NodeDescription(hostname: "w1"))
    (worker.state, worker.keys) = (.ready, ["k1", "k2"])
    var cluster = Cluster(id: "c1")
    cluster.lastMemberID = 4
    let (first, second, third) = (manager, worker, cluster)
    try await fixture.store.update {
      try $0.put(first)
      try $0.put(second)
      try $0.put(third)
    }
  }

  private static func remove(_ fixture: APIFixture, _ id: String, force: Bool = false, request: String = "") async throws {
    _ = try await fixture.client.call {
      try await $0.removeNode(.with { ($0.id, $0.force, $0.requestID) = (id, force, request) })
    }
  }

  @Test func nothingOfAWorkerIsLeftButItsKeys() async throws {
    try await APIFixture.run { fixture in
      try await Self.put(fixture)
      let service = ClusterService(id: "s1", spec: APIFixture.spec("web"))
      try await fixture.addTask("t1", of: service, node: "w1")
      try await fixture.addTask("t2", of: service, state: .failed, node: "w1")
      try await fixture.addTask("t3", of: service, node: "m1")
      let refusal = await failure { try await Self.remove(fixture, "w1") }
      #expect(refusal?.code == .failedPrecondition && fixture.store.view.node("w1") != nil)
      let index = fixture.store.view.index
      try await Self.remove(fixture, "w1", force: true, request: "r1")
      #expect(fixture.store.view.index == index + 1, "all of it at once")
      #expect(fixture.store.view.node("w1") == nil && fixture.store.view.tasks.map(\.id) == ["t3"])
      #expect(fixture.store.view.cluster?.removedKeys == ["k1", "k2"])
      try await Self.remove(fixture, "w1", force: true, request: "r1")
      #expect(fixture.store.view.index == index + 1, "asked again because the answer was lost")
      #expect(await failure { try await Self.remove(fixture, "w1", request: "r2") }?.code == .notFound)
    }
  }

  @Test func aManagersRemovalIsWaitedFor() async throws {
    try await APIFixture.run { fixture in
      try await Self.put(fixture)
      var second = ClusterNode(id: "m2", roles: [.manager], description: NodeDescription(hostname: "m2"))
      second.memberID = 2
      let manager = second
      try await fixture.store.update { try $0.put(manager) }
      async let removal: Void = Self.remove(fixture, "m2", force: true)
      #expect(await fixture.store.until(\.concernsNodes) { $0.node("m2")?.leaving == true })
      // Raft has let it go.
      try await fixture.store.update { transaction in
        if let node = transaction.view.node("m2") { try transaction.removeNode(node) }
      }
      try await removal
    }
  }

  @Test func aRemovedNodeDoesNotComeBackByItsSession() async throws {
    try await APIFixture.run { fixture in
      try await Self.put(fixture)
      let worker = try #require(fixture.store.view.node("w1"))
      try await Self.remove(fixture, "w1", force: true)
      let dispatcher = Dispatcher(store: fixture.store, logger: APIFixture.logger)
      #expect(await failure { _ = try await dispatcher.openSession(node: worker) }?.message.contains("was removed") == true)
      #expect(fixture.store.view.node("w1") == nil)
    }
  }

  @Test func aManagersNumberIsNewAndAFormerOneGoesFirstFromRaft() async throws {
    try await APIFixture.run { fixture in
      try await Self.put(fixture)
      func change(_ id: String, _ role: Warren_V1_Role) async throws -> ClusterNode {
        let answer = try await fixture.client.call { try await $0.changeNodeRole(.with { ($0.id, $0.role) = (id, role) }) }
        return try ClusterNode(wire: answer.node)
      }
      let promoted = try await change("w1", .manager)
      #expect(promoted.roles == [.manager, .worker] && promoted.memberID == 5 && fixture.store.view.cluster?.lastMemberID == 5)
      #expect(try await change("w1", .manager).memberID == 5, "done twice, it is the same")
      let demoted = try await change("w1", .worker)
      #expect(demoted.roles == [.worker] && demoted.memberID == 5, "until it is no member of Raft")
      #expect(await failure { _ = try await change("w1", .manager) }?.message.contains("still being taken out") == true)
      #expect(await failure { _ = try await change("m1", .worker) }?.message.contains("only manager") == true)
      #expect(await failure { _ = try await change("w1", .unspecified) }?.code == .invalidArgument)
      #expect(await failure { _ = try await change("nope", .worker) }?.code == .notFound)
    }
  }
}
