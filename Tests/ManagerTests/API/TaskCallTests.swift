import ClusterModel
import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

@Suite(.timeLimit(.minutes(10))) struct TaskCallTests {
  @Test func tasksAreFoundByIDPrefixServiceAndNode() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let web = try await client.createService(APIFixture.spec("web"))
      let db = try await client.createService(APIFixture.spec("db"))
      try await fixture.addNode(APIFixture.nodeID)
      try await fixture.addTask("abc1", of: web, slot: 2)
      try await fixture.addTask("abd2", of: web, slot: 10)
      try await fixture.addTask("xyz", of: web, slot: 1, node: nil)
      try await fixture.addTask("dbt", of: db)
      try await fixture.change("abc1") { $0.desiredState = .shutdown }

      func get(_ id: String) async throws -> String { try await client.call { try await $0.getTask(.with { $0.id = id }) }.task.id }
      #expect(try await get("abc1") == "abc1")
      #expect(try await get("x") == "xyz")
      let ambiguous = await failure { _ = try await get("ab") }
      #expect(ambiguous?.code == .invalidArgument)
      #expect(ambiguous?.message.contains("2 tasks begin so (abc1, abd2)") == true)
      #expect(await failure { _ = try await get("q") }?.code == .notFound)
      #expect(await failure { _ = try await get("") }?.code == .invalidArgument)

      func list(_ make: (inout Warren_V1_ListTasksRequest) -> Void) async throws -> [String] {
        let request = Warren_V1_ListTasksRequest.with { make(&$0) }
        return try await client.call { try await $0.listTasks(request) }.tasks.map(\.id)
      }
      #expect(try await list { _ in } == ["dbt", "xyz", "abc1", "abd2"])
      #expect(try await list { $0.service = "WEB" } == ["xyz", "abc1", "abd2"])
      #expect(try await list { $0.nodeID = APIFixture.nodeID.rawValue } == ["dbt", "abc1", "abd2"])
      #expect(
        try await list {
          $0.service = "web"
          $0.currentOnly = true
        } == ["xyz", "abd2"])
      #expect(await failure { _ = try await list { $0.service = "nope" } }?.code == .notFound)
      #expect(await failure { _ = try await list { $0.nodeID = "nope" } }?.code == .notFound)
    }
  }

  /// Whatever happens while the watch begins and goes on: a reader that follows it ends with what the store has, having seen every step.
  @Test func aWatchNeverMissesOrRepeats() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let web = try await client.createService(APIFixture.spec("web"))
      let other = try await client.createService(APIFixture.spec("other"))
      for number in 0..<5 { try await fixture.addTask(TaskID("t\(number)"), of: web, slot: number + 1, state: .pending) }
      let versions = NIOLockedValueBox<[String: [UInt64]]>([:])
      let removed = NIOLockedValueBox<[String]>([])

      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await client.stream { stub in
            try await stub.watchTasks(.with { $0.service = "web" }) { response in
              var synced = 0
              for try await message in response.messages {
                switch message.kind {
                case .updated: versions.withLockedValue { $0[message.task.id, default: []].append(message.task.meta.version) }
                case .removed: removed.withLockedValue { $0.append(message.task.id) }
                case .synced: synced += 1
                default: Issue.record("\(message.kind)")
                }
              }
              #expect(synced == 1)
            }
          }
        }
        for writer in 0..<5 {
          group.addTask {
            for round in 0..<40 {
              try await fixture.change(TaskID("t\(writer)")) { $0.status.attempt = round }
              let id = TaskID("n\(writer)x\(round)")
              try await fixture.addTask(id, of: round % 2 == 0 ? web : other, slot: 9)
              try await fixture.removeTask(id)
            }
          }
        }
        for _ in 0..<5 { try await group.next() }
        try await fixture.until { versions.withLockedValue { $0.count } >= 5 }
        for number in 0..<5 { try await fixture.removeTask(TaskID("t\(number)")) }
        try await fixture.store.update { transaction in
          if let service = transaction.view.service(web.id) { try transaction.remove(service) }
        }
        try await group.waitForAll()
      }
      let seen = versions.withLockedValue { $0 }
      for (task, list) in seen {
        #expect(list == list.sorted() && Set(list).count == list.count, "\(task) was told out of order or twice: \(list)")
        #expect(!task.hasPrefix("n") || list.count == 1)
      }
      let gone = removed.withLockedValue { $0 }
      #expect(Set(gone).count == gone.count)
      #expect(Set(gone) == Set(seen.keys))
      #expect(!seen.keys.contains { $0.hasPrefix("n") && Int($0.split(separator: "x")[1])! % 2 == 1 })
    }
  }

  @Test func aWatchOfAnUnknownServiceFails() async throws {
    try await APIFixture.run { fixture in
      let refusal = await failure {
        try await fixture.client.stream { stub in
          try await stub.watchTasks(.with { $0.service = "nope" }) { response in for try await _ in response.messages {} }
        }
      }
      #expect(refusal?.code == .notFound)
    }
  }

  @Test func nodesAndClusterAreShown() async throws {
    try await APIFixture.run { fixture in
      try await fixture.addNode("b", state: .down)
      try await fixture.addNode("a")
      try await fixture.store.update { try $0.put(Cluster(id: "c1")) }
      let client = fixture.client
      let nodes = try await client.call { try await $0.listNodes(.init()) }.nodes
      #expect(nodes.map(\.id) == ["a", "b"])
      #expect(nodes.map(\.state) == [.ready, .down])
      #expect(try await client.call { try await $0.getNode(.with { $0.id = "b" }) }.node.description_p.hostname == "b")
      #expect(await failure { try await client.call { _ = try await $0.getNode(.with { $0.id = "c" }) } }?.code == .notFound)
      let info = try await client.call { try await $0.getClusterInfo(.init()) }
      #expect(info.clusterID == "c1")
      #expect(info.leaderID == "edge-1")
      #expect(info.leaderAddress == "edge-1:7946")
      #expect(info.servers.map(\.suffrage) == [.voter])
      #expect(info.commitIndex == UInt64(fixture.log.count))
      #expect(info.version == "1.2.3")
    }
  }
}
