import ClusterModel
import Foundation
import GRPCCore
import NIOConcurrencyHelpers
import NIOPosix
import ServiceLifecycle
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

/// Needs root: the socket is given to a group.
@Suite(.timeLimit(.minutes(10))) struct APIServerTests {
  private static func server(at path: String) throws -> APIServer {
    let store = ClusterStore(now: { .epoch })
    return try APIServer(api: APIFixture.api(store, InstantLog(store: store), nil), socketPath: path, logger: APIFixture.logger)
  }

  @Test func theSocketIsForItsOwnerAndGroupOnly() async throws {
    try await APIFixture.run { fixture in
      let attributes = try FileManager.default.attributesOfItem(atPath: fixture.socketPath)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o660)
      #expect((attributes[.type] as? FileAttributeType) == .typeSocket)
    }
  }

  @Test func aSecondDaemonIsRefusedAndTheFirstServesOn() async throws {
    try await APIFixture.run { fixture in
      let refusal = await failure { _ = try Self.server(at: fixture.socketPath) }
      #expect(refusal?.code == .failedPrecondition)
      #expect(refusal?.message.contains("another warren daemon serves on \(fixture.socketPath)") == true)
      _ = try await fixture.client.call { try await $0.getClusterInfo(.init()) }
    }
  }

  @Test func aSocketLeftBehindIsReplacedAndOneOfOursIsRemovedAtTheEnd() async throws {
    let directory = try APIFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = "\(directory)/deep/er/warren.sock"
    // As after kill -9: the file is there, nobody listens.
    let dead = try UnixListener(path: path, group: "warren")
    close(dead.descriptor)
    #expect(FileManager.default.fileExists(atPath: path))
    let server = try Self.server(at: path)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      try await WarrenClient.connected(to: path) { client in _ = try await client.call { try await $0.getClusterInfo(.init()) } }
      group.cancelAll()
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func aFileThatIsNoSocketIsLeftAlone() async throws {
    let directory = try APIFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = "\(directory)/precious"
    try Data("x".utf8).write(to: URL(fileURLWithPath: path))
    let refusal = await failure { _ = try Self.server(at: path) }
    #expect(refusal?.message.contains("\(path) is not a socket") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("x".utf8))
    #expect(await failure { _ = try Self.server(at: "\(directory)/" + String(repeating: "x", count: 120)) }?.code == .invalidArgument)
  }

  @Test func whenNobodyListensTheClientSaysWhatToDo() async throws {
    let directory = try APIFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = "\(directory)/warren.sock"
    func refusal() async -> (code: WarrenError.Code, message: String)? {
      await failure {
        try await WarrenClient.connected(to: path, patience: .milliseconds(200)) { client in
          _ = try await client.call { try await $0.getClusterInfo(.init()) }
        }
      }
    }
    let missing = await refusal()
    #expect(missing?.code == .unavailable)
    #expect(missing?.message.contains("there is no socket \(path)") == true)
    close(try UnixListener(path: path, group: "warren").descriptor)
    let silent = await refusal()
    #expect(silent?.code == .unavailable)
    #expect(silent?.message.contains("no manager answers on \(path)") == true)
  }

  @Test func aCallWaitsForADaemonThatIsStarting() async throws {
    let directory = try APIFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = "\(directory)/warren.sock"
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await WarrenClient.connected(to: path, patience: .seconds(30)) { client in
          let info = try await client.call { try await $0.getClusterInfo(.init()) }
          #expect(info.version == "1.2.3")
        }
      }
      // Long enough for the first attempt to fail; the test holds either way.
      try await Task.sleep(for: .milliseconds(100))
      let server = try Self.server(at: path)
      group.addTask { try await server.run() }
      try await group.next()
      group.cancelAll()
    }
  }

  @Test func largeRequestsAreRefused() async throws {
    try await APIFixture.run { fixture in
      func refusal(bytes: Int) async -> (code: WarrenError.Code, message: String)? {
        var spec = APIFixture.spec("web").wire
        spec.task.container.args = Array(repeating: String(repeating: "x", count: 100_000), count: bytes / 100_000)
        return await failure { [spec] in try await fixture.client.call { _ = try await $0.createService(.with { $0.spec = spec }) } }
      }
      let large = await refusal(bytes: RequestLimit.mostBytes / 2)
      #expect(large?.code == .invalidArgument)
      #expect(large?.message.contains("the service is too large; its texts are 20") == true, "\(large?.message ?? "accepted")")
      let tooLarge = await refusal(bytes: 2 * RequestLimit.mostBytes)
      #expect(tooLarge?.code == .invalidArgument)
      #expect(tooLarge?.message.contains("the request CreateService is too large; it has 83") == true, "\(tooLarge?.message ?? "accepted")")
      #expect(tooLarge?.message.contains("at most 4194304 (4MiB)") == true, "\(tooLarge?.message ?? "accepted")")
      let chunk = await failure {
        try await fixture.client.stream { stub in
          _ = try await stub.loadImage { try await $0.write(.with { $0.chunk = Data(count: RequestLimit.mostBytes) }) }
        }
      }
      #expect(chunk?.message.contains("the request LoadImage is too large") == true, "\(chunk?.message ?? "accepted")")
      #expect(fixture.log.count == 0)
      _ = try await fixture.client.stream { try await $0.getClusterInfo(.init()) }
    }
  }

  @Test func aCallDoesNotRunOnTheLoopOfItsConnection() async throws {
    let lookout = LoopLookout()
    try await APIFixture.run(interceptors: [lookout]) { fixture in
      _ = try await fixture.client.call { try await $0.listServices(.init()) }
    }
    #expect(lookout.isOnLoop.withLockedValue { $0 } == [false, false], "it would hold up all other calls")
  }

  @Test func storeErrorsAreToldAndUnforeseenOnesAreNot() async throws {
    try await APIFixture.run { fixture in
      fixture.log.fail(with: WarrenError(.resourceExhausted, "the disk is full; nothing was stored; make room"))
      let refusal = await failure { _ = try await fixture.client.createService(APIFixture.spec("web")) }
      #expect(refusal?.code == .resourceExhausted)
      #expect(refusal?.message == "the disk is full; nothing was stored; make room")
      #expect(fixture.logLines.isEmpty)

      struct Unforeseen: Error, CustomStringConvertible { let description = "secret detail" }
      let errors: [any Error] = [Unforeseen(), WarrenError(.internalError, "the log failed; start again", cause: Unforeseen())]
      for error in errors {
        fixture.log.fail(with: error)
        let refusal = await failure { _ = try await fixture.client.createService(APIFixture.spec("web")) }
        #expect(refusal?.code == .internalError)
        #expect(refusal?.message.contains("secret") == false)
        let line = try #require(fixture.logLines.last)
        #expect(line.contains("secret detail"))
        let call = try #require(line.split(separator: " ").first { $0.hasPrefix("call=") }?.dropFirst(5))
        #expect(refusal?.message.contains("call \(call)") == true, "what leads to the log's line")
      }
      #expect(fixture.logLines.count == 2)
    }
  }

  @Test func followedStreamsEndWithTheServerAtOnce() async throws {
    try await APIFixture.run { fixture in
      let path = "\(fixture.directory)/other.sock"
      let server = try APIServer(
        api: APIFixture.api(fixture.store, fixture.log, fixture.node), socketPath: path, shutdownGrace: .seconds(3600), logger: APIFixture.logger)
      let group = ServiceGroup(services: [server], logger: APIFixture.logger)
      let web = try await fixture.client.createService(APIFixture.spec("web"))
      try await fixture.addTask("t1", of: web)
      fixture.node.setLog(of: "t1", [])
      let open = NIOLockedValueBox(0)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await WarrenClient.connected(to: path, patience: .seconds(60)) { client in
          let follow: @Sendable (@Sendable (WarrenClient.Stub) async throws -> Void) async -> WarrenError.Code? = { body in
            await failure { try await client.stream { try await body($0) } }?.code
          }
          async let watch = follow {
            try await $0.watchTasks(.init()) {
              for try await message in $0.messages where message.kind == .synced { open.withLockedValue { $0 += 1 } }
            }
          }
          async let events = follow {
            try await $0.streamEvents(.with { $0.follow = true }) {
              for try await event in $0.messages where event.action == "created" && event.kind == .service { open.withLockedValue { $0 += 1 } }
            }
          }
          async let logs = follow {
            try await $0.serviceLogs(
              .with {
                $0.service = "web"
                $0.follow = true
              }
            ) { for try await _ in $0.messages {} }
          }
          try await fixture.until { open.withLockedValue { $0 } == 2 && fixture.node.isFollowed("t1") }
          await group.triggerGracefulShutdown()
          let codes = await [watch, events, logs]
          #expect(codes == [.unavailable, .unavailable, .unavailable])
        }
        try await tasks.waitForAll()
      }
    }
  }
}

/// Notes whether calls, and the making of their answers, run on an event loop.
private struct LoopLookout: ServerInterceptor {
  let isOnLoop = NIOLockedValueBox<[Bool]>([])

  private func note() { isOnLoop.withLockedValue { $0.append(MultiThreadedEventLoopGroup.currentEventLoop != nil) } }

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    note()
    var response = try await next(request, context)
    if case .success(var contents) = response.accepted {
      contents.producer = { [producer = contents.producer] writer in
        note()
        return try await producer(writer)
      }
      response.accepted = .success(contents)
    }
    return response
  }
}
