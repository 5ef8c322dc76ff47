import ClusterModel
import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

@Suite(.timeLimit(.minutes(10))) struct EventCallTests {
  private static func past(_ client: WarrenClient, _ kinds: [Warren_V1_ObjectKind] = []) async throws -> [String] {
    try await client.stream { stub in
      try await stub.streamEvents(.with { $0.kinds = kinds }) { try await $0.messages.reduce(into: []) { $0.append("\($1.name) \($1.action)") } }
    }
  }

  @Test func thePastIsWhatTheStateRemembers() async throws {
    try await APIFixture.run { fixture in
      let web = try await fixture.client.createService(APIFixture.spec("web"))
      try await fixture.addTask("t1", of: web, state: .failed)
      try await fixture.addNode("edge-1")
      let all = try await Self.past(fixture.client)
      #expect(Set(all) == ["web created", "web.1 created", "web.1 failed", "edge-1 joined", "edge-1 up"])
      #expect(try await Self.past(fixture.client, [.task]) == ["web.1 created", "web.1 failed"])
    }
  }

  @Test func changesAreToldAsTheyHappen() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let events = NIOLockedValueBox<[Warren_V1_Event]>([])
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await client.stream { stub in
            try await stub.streamEvents(.with { $0.follow = true }) { response in
              for try await event in response.messages { events.withLockedValue { $0.append(event) } }
            }
          }
        }
        let web = try await client.createService(APIFixture.spec("web", replicas: 2))
        try await fixture.until { events.withLockedValue { $0.count } == 1 }
        try await fixture.addTask("t1", of: web, state: .pending, node: nil)
        try await fixture.change("t1") { $0.status.message = "only the message" }
        try await fixture.change("t1") { $0.status = TaskStatus(state: .rejected, message: "port 80 is taken") }
        _ = try await client.scaleService("web", to: 3)
        try await fixture.addNode("edge-1")
        try await fixture.store.update { transaction in
          guard var node = transaction.view.node("edge-1") else { return }
          (node.state, node.message) = (.down, "silent")
          try transaction.put(node)
        }
        _ = try await client.deleteService("web")
        try await fixture.removeTask("t1")
        try await fixture.until { events.withLockedValue { $0.count } >= 9 }
        group.cancelAll()
      }
      let all = events.withLockedValue { $0 }
      #expect(
        all.map { "\($0.name) \($0.action)\($0.message.isEmpty ? "" : ": " + $0.message)" } == [
          "web created", "web.1 created: as the test says", "web.1 rejected: port 80 is taken", "web scaled: replicas 2 → 3", "edge-1 joined",
          "edge-1 up", "edge-1 down: silent", "web deleting", "web.1 removed",
        ])
      #expect(all.dropFirst().map(\.index) == all.dropFirst().map(\.index).sorted())
    }
  }
}
