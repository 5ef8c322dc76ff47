import ClusterModel
import Foundation
import GRPCCore
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
      var spec = APIFixture.spec("web").wire
      spec.task.container.args = [String(repeating: "x", count: APIServer.largestRequest)]
      let refusal = await failure { [spec] in try await fixture.client.call { _ = try await $0.createService(.with { $0.spec = spec }) } }
      #expect(refusal != nil)
      #expect(fixture.log.count == 0)
    }
  }

  @Test func storeErrorsAreToldAndUnforeseenOnesAreNot() async throws {
    try await APIFixture.run { fixture in
      fixture.log.fail(with: WarrenError(.resourceExhausted, "the disk is full; nothing was stored; make room"))
      let refusal = await failure { _ = try await fixture.client.createService(APIFixture.spec("web")) }
      #expect(refusal?.code == .resourceExhausted)
      #expect(refusal?.message == "the disk is full; nothing was stored; make room")
    }
  }
}
