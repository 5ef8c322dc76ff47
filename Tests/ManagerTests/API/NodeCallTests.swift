import ClusterModel
import Foundation
import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

/// Exec and images: what the manager asks of a node.
@Suite(.timeLimit(.minutes(10))) struct NodeCallTests {
  private static func exec(_ client: WarrenClient, _ messages: [Warren_V1_ExecRequest]) async throws -> [ExecOutput] {
    try await client.stream { stub in
      try await stub.exec(requestProducer: { for message in messages { try await $0.write(message) } }) { response in
        try await response.messages.reduce(into: []) { outputs, message in if let output = ExecOutput(wire: message) { outputs.append(output) } }
      }
    }
  }

  private static func start(_ make: (inout Warren_V1_ExecStart) -> Void) -> Warren_V1_ExecRequest {
    .with { request in request.start = .with { make(&$0) } }
  }

  @Test func execCarriesInputOutputSizeAndExitCode() async throws {
    try await APIFixture.run { fixture in
      let web = try await fixture.client.createService(APIFixture.spec("web"))
      try await fixture.addTask("t2", of: web, slot: 2)
      try await fixture.addTask("t1", of: web, slot: 1, state: .waiting)
      let start = Self.start {
        $0.service = "web"
        $0.command = ["sh", "-c", "cat"]
        $0.env = ["A=1"]
        $0.tty = true
        $0.size = TerminalSize(columns: 80, rows: 24).wire
      }
      let inputs: [ExecInput] = [.stdin([1, 2, 3]), .resize(TerminalSize(columns: 10, rows: 5)), .stdin([4]), .stdinClosed]
      let outputs = try await Self.exec(fixture.client, [start] + inputs.map(\.wire))
      #expect(outputs == [.stdout([1, 2, 3]), .stderr(Array("10x5".utf8)), .stdout([4]), .exit(4)])
      let (task, command) = try #require(fixture.node.state.withLockedValue { $0.commands.first })
      #expect(task == "t2")
      #expect(command.arguments == ["sh", "-c", "cat"])
      #expect((command.tty, command.env, command.size) == (true, ["A=1"], TerminalSize(columns: 80, rows: 24)))
      // Closing the request stream is closing the input.
      #expect(try await Self.exec(fixture.client, [start, ExecInput.stdin([9]).wire]) == [.stdout([9]), .exit(1)])
    }
  }

  @Test func badExecIsRefused() async throws {
    try await APIFixture.run { fixture in
      let web = try await fixture.client.createService(APIFixture.spec("web"))
      let idle = try await fixture.client.createService(APIFixture.spec("idle"))
      try await fixture.addTask("up", of: web)
      try await fixture.addTask("down", of: idle, state: .waiting)
      func refuses(_ code: WarrenError.Code, _ part: String, _ messages: [Warren_V1_ExecRequest]) async {
        let refusal = await failure { _ = try await Self.exec(fixture.client, messages) }
        #expect(refusal?.code == code, "\(part)")
        #expect(refusal?.message.contains(part) == true, "\(refusal?.message ?? "accepted")")
      }
      func refuses(_ code: WarrenError.Code, _ part: String, _ make: (inout Warren_V1_ExecStart) -> Void) async {
        await refuses(code, part, [Self.start(make)])
      }
      await refuses(.invalidArgument, "does not begin with start", [ExecInput.stdin([1]).wire])
      await refuses(.invalidArgument, "no command") { $0.task = "up" }
      await refuses(.invalidArgument, "exactly one of task and service") { $0.command = ["ls"] }
      await refuses(.notFound, "task \"nope\"") { ($0.task, $0.command) = ("nope", ["ls"]) }
      await refuses(.failedPrecondition, "task idle.1 is not running; it is waiting (as the test says)") { ($0.task, $0.command) = ("down", ["ls"]) }
      await refuses(.failedPrecondition, "service idle has no running task") { ($0.service, $0.command) = ("idle", ["ls"]) }
      await refuses(.invalidArgument, "\"B\" is not valid") { ($0.task, $0.command, $0.env) = ("up", ["ls"], ["B"]) }
      await refuses(.invalidArgument, "NUL") { ($0.task, $0.command) = ("up", ["l\u{0}s"]) }
      await refuses(.notFound, "no program missing") { ($0.task, $0.command) = ("up", ["missing"]) }
    }
  }

  @Test func imagesAreLoadedPulledListedAndPruned() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let chunk = Data(repeating: 7, count: 1 << 20)
      let loaded = try await client.stream { stub in
        try await stub.loadImage(requestProducer: { writer in
          for _ in 0..<20 { try await writer.write(.with { $0.chunk = chunk }) }
          try await writer.write(.with { $0.chunk = Data("end".utf8) })
        })
      }
      #expect(loaded.images.map(\.reference) == ["docker.io/library/web:latest"])
      #expect(loaded.images.map(\.nodeID) == ["edge-1"])
      #expect(fixture.node.state.withLockedValue { $0.loadedBytes } == 20 << 20 + 3)

      let progress = try await client.stream { stub in
        try await stub.pullImage(.with { $0.reference = "nginx" }) { try await $0.messages.reduce(into: []) { $0.append($1) } }
      }
      #expect(progress.map(\.message) == ["pulling", "done"])
      #expect(progress.last?.image.digest == "sha256:2")

      fixture.node.state.withLockedValue { state in
        state.images = ["b", "a"].map { NodeImage(reference: $0, digest: "d", sizeBytes: 1, createdAt: .epoch, inUse: $0 == "a") }
      }
      let images = try await client.call { try await $0.listImages(.init()) }.images
      #expect(images.map(\.reference) == ["a", "b"])
      #expect(images.map(\.inUse) == [true, false])
      let pruned = try await client.call { try await $0.pruneImages(.init()) }
      #expect((pruned.references, pruned.freedBytes) == (["a:1", "b:1"], 42))
    }
  }

  @Test func badImageCallsAreRefused() async throws {
    try await APIFixture.run { fixture in
      let tooLarge = await failure {
        try await fixture.client.stream { stub in
          _ = try await stub.loadImage(requestProducer: { try await $0.write(.with { $0.chunk = Data(repeating: 0, count: 1 << 20 + 1) }) })
        }
      }
      #expect(tooLarge?.code == .invalidArgument)
      let badName = await failure {
        try await fixture.client.stream { stub in
          try await stub.pullImage(.with { $0.reference = "x/UPPER" }) { for try await _ in $0.messages {} }
        }
      }
      #expect(badName?.code == .invalidArgument)
    }
    try await APIFixture.run(managerOnly: true) { fixture in
      let refusal = await failure { try await fixture.client.call { _ = try await $0.listImages(.init()) } }
      #expect(refusal?.code == .failedPrecondition)
    }
  }

  @Test func imagesOfANamedNode() async throws {
    try await APIFixture.run { fixture in
      for node in ["edge-1", "edge-2"] as [NodeID] { try await fixture.addNode(node) }
      try await fixture.store.update { transaction in
        try transaction.put(ClusterNode(id: "m-1", roles: [.manager], description: NodeDescription(hostname: "m-1")))
      }
      for (node, code) in [("edge-1", nil), ("edge-2", .unavailable), ("m-1", .failedPrecondition), ("edge-3", .notFound)]
        as [(String, WarrenError.Code?)]
      {
        let outcome = await failure { try await fixture.client.call { _ = try await $0.listImages(.with { $0.nodeID = node }) } }
        #expect(outcome?.code == code, "\(node): \(outcome?.message ?? "")")
      }
    }
  }
}
