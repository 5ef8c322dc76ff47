import ClusterModel
import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

@Suite(.timeLimit(.minutes(10))) struct LogCallTests {
  private static func line(_ second: Int64, _ text: String, _ stream: LogLine.Stream = .stdout) -> LogLine {
    LogLine(at: Timestamp(seconds: second), stream: stream, bytes: Array(text.utf8))
  }

  private static func read(_ client: WarrenClient, _ request: Warren_V1_ServiceLogsRequest) async throws -> [Warren_V1_LogEntry] {
    try await client.stream { try await $0.serviceLogs(request) { try await $0.messages.reduce(into: []) { $0.append($1) } } }
  }

  private static func text(_ entry: Warren_V1_LogEntry) -> String { String(decoding: entry.line, as: UTF8.self) }

  @Test func historyIsInTheOrderOfTime() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let web = try await client.createService(APIFixture.spec("web"))
      try await fixture.addTask("t1", of: web)
      try await fixture.addTask("t2", of: web, slot: 2)
      try await fixture.addTask("t3", of: web, slot: 3)
      fixture.node.setLog(of: "t1", [Self.line(1, "a"), Self.line(4, "d"), Self.line(6, "f")])
      fixture.node.setLog(of: "t2", [Self.line(2, "b", .stderr), Self.line(3, "c"), Self.line(5, "e")])
      let all = try await Self.read(client, .with { $0.service = "web" })
      #expect(all.map(Self.text) == ["a", "b", "c", "d", "e", "f"])
      #expect(all[1].taskID == "t2")
      #expect((all[1].stream, all[1].slot, all[1].serviceName, all[1].nodeID) == (.stderr, 2, "web", "edge-1"))
      let tail = try await Self.read(
        client,
        .with {
          $0.service = "web"
          $0.tail = 1
        })
      #expect(tail.map(Self.text) == ["e", "f"])
      let since = try await Self.read(
        client,
        .with {
          $0.task = "t1"
          $0.since = Timestamp(seconds: 4).wire
        })
      #expect(since.map(Self.text) == ["d", "f"])
    }
  }

  @Test func aLogThatBreaksEndsTheFollowingWithItsReason() async throws {
    try await APIFixture.run { fixture in
      let web = try await fixture.client.createService(APIFixture.spec("web"))
      for (slot, id) in ["t1", "t2"].enumerated() {
        try await fixture.addTask(TaskID(id), of: web, slot: slot + 1)
        fixture.node.setLog(of: TaskID(id), [])
      }
      async let refusal = failure {
        _ = try await Self.read(
          fixture.client,
          .with {
            $0.service = "web"
            $0.follow = true
          })
      }
      try await fixture.until { fixture.node.isFollowed("t1") && fixture.node.isFollowed("t2") }
      fixture.node.breakLog(of: "t2", WarrenError(.unavailable, "the file cannot be read; the disk is gone; look at it"))
      #expect(await refusal?.message == "the file cannot be read; the disk is gone; look at it")
    }
  }

  @Test func followingGoesOnWithoutGapAndTakesInLaterTasks() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let web = try await client.createService(APIFixture.spec("web"))
      try await fixture.addTask("t1", of: web)
      try await fixture.addTask("t2", of: web, slot: 2, state: .pending)
      fixture.node.setLog(of: "t1", [Self.line(1, "a"), Self.line(2, "b")])
      let texts = NIOLockedValueBox<[String]>([])
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await client.stream { stub in
            try await stub.serviceLogs(
              .with {
                $0.service = "web"
                $0.follow = true
              }
            ) { response in for try await entry in response.messages { texts.withLockedValue { $0.append(Self.text(entry)) } } }
          }
        }
        try await fixture.until { fixture.node.isFollowed("t1") }
        fixture.node.append(to: "t1", Self.line(3, "c"))
        fixture.node.setLog(of: "t2", [Self.line(4, "d")])
        try await fixture.change("t2") { $0.status.state = .running }
        try await fixture.until { fixture.node.isFollowed("t2") }
        fixture.node.append(to: "t2", Self.line(5, "e"))
        try await fixture.until { texts.withLockedValue { $0.count } == 5 }
        for task in ["t1", "t2"] as [TaskID] {
          try await fixture.removeTask(task)
          fixture.node.endLog(of: task)
        }
        try await fixture.store.update { transaction in
          if let service = transaction.view.service(web.id) { try transaction.remove(service) }
        }
        try await group.waitForAll()
      }
      #expect(texts.withLockedValue { $0 } == ["a", "b", "c", "d", "e"])
    }
  }

  @Test func badRequestsAreRefused() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let web = try await client.createService(APIFixture.spec("web"))
      try await fixture.addTask("far", of: web, node: "edge-2")
      try await fixture.addTask("unplaced", of: web, state: .pending, node: nil)
      func refusal(_ make: (inout Warren_V1_ServiceLogsRequest) -> Void) async -> WarrenError.Code? {
        let request = Warren_V1_ServiceLogsRequest.with { make(&$0) }
        return await failure { _ = try await Self.read(client, request) }?.code
      }
      #expect(await refusal { _ in } == .invalidArgument)
      #expect(
        await refusal {
          $0.task = "far"
          $0.service = "web"
        } == .invalidArgument)
      #expect(await refusal { $0.service = "nope" } == .notFound)
      #expect(await refusal { $0.task = "nope" } == .notFound)
      #expect(await refusal { $0.task = "far" } == .unavailable)
      #expect(await refusal { $0.task = "unplaced" } == .failedPrecondition)
    }
  }
}
