import Foundation
import TestKit
import Testing

@testable import WarrenAPI
@testable import WarrenCommands

@Suite struct EarlyConnectionTests {
  private func environment(_ variables: [String: String] = [:]) -> Environment { Environment { variables[$0] } }

  private func options(_ arguments: [String]) throws -> GlobalOptions { try GlobalOptions.parse(arguments) }

  /// What is guessed is what the options say once they are read, or nothing.
  @Test(
    arguments: [
      ([], [:], DaemonSocket.defaultPath), (["--socket", "/a"], [:], "/a"), (["--socket=/a"], [:], "/a"), ([], ["WARREN_SOCKET": "/b"], "/b"),
      (["--socket", "/a", "--stale"], ["WARREN_SOCKET": "/b"], "/a"), (["--timeout", "3s"], ["WARREN_SOCKET": "/b", "WARREN_CONTEXT": "c"], "/b"),
    ] as [([String], [String: String], String)])
  func theSocketIsTheOneThatTheOptionsMean(_ arguments: [String], _ variables: [String: String], _ path: String) async throws {
    #expect(EarlyConnection.socket(["service", "list"] + arguments, environment(variables)) == path)
    guard case .sockets(let sockets) = try await options(arguments).target(environment: environment(variables)) else {
      Issue.record("no socket")
      return
    }
    #expect(sockets == [path])
  }

  @Test(
    arguments: [
      (["--manager", "a:1"], [:]), (["--manager=a:1"], [:]), (["--context", "c"], [:]), (["--context=c"], [:]), (["--help"], [:]), (["-h"], [:]),
      ([], ["WARREN_MANAGER": "a:1"]), ([], ["WARREN_CONTEXT": "c"]), (["--socket"], [:]),
    ] as [([String], [String: String])])
  func noSocketWhereItLeadsElsewhere(_ arguments: [String], _ variables: [String: String]) {
    #expect(EarlyConnection.socket(["service", "list"] + arguments, environment(variables)) == nil)
  }

  @Test func whatAContainerIsGivenIsNoOption() {
    #expect(EarlyConnection.socket(["service", "create", "--", "--socket", "/a"], environment()) == DaemonSocket.defaultPath)
  }

  @Test func aContextInUseLeadsElsewhere() throws {
    let home = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: home) }
    try FileManager.default.createDirectory(atPath: home + "/warren", withIntermediateDirectories: true)
    #expect(
      FileManager.default.createFile(atPath: home + "/warren/current-context", contents: Data("shop\n".utf8), attributes: [.posixPermissions: 0o600]))
    #expect(EarlyConnection.socket(["service", "list"], environment(["XDG_CONFIG_HOME": home])) == nil)
  }

  @Test func itIsTakenOnceAndOnlyForTheSame() async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = directory + "/s"
    #expect(EarlyConnection(["service", "list", "--socket", path], environment: environment()) == nil, "there is no such file")
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    #expect(EarlyConnection(["cluster", "init", "--socket", path], environment: environment()) == nil, "it asks nobody")
    let early = try #require(EarlyConnection(["service", "list", "--socket", path], environment: environment()))
    #expect(try await early.take(to: "/elsewhere", mayBeStale: false) == nil)
    let connection = try #require(try await early.take(to: path, mayBeStale: false))
    #expect(try await early.take(to: path, mayBeStale: false) == nil)
    connection.connections.cancel()
    await connection.connections.value
  }
}
