import ClusterModel
import Foundation
import Testing

@testable import WarrenCommands

/// Tokens and contexts as people meet them, with the real binary over TLS.
@Suite(.timeLimit(.minutes(10))) struct ContextCommandTests {
  private struct Person {
    let home: String

    func run(_ arguments: String..., manager: String? = nil) async throws -> WarrenProcess.Result {
      var environment = ["HOME": home]
      if let manager { environment["WARREN_MANAGER"] = manager }
      return try await WarrenProcess.run(arguments, environment: environment)
    }

    func mode(_ path: String) throws -> Int? {
      try (FileManager.default.attributesOfItem(atPath: "\(home)/\(path)")[.posixPermissions] as? NSNumber)?.intValue
    }
  }

  @Test func aContextReachesTheClusterUntilItIsRevoked() async throws {
    let manager = try await ManagerProcess()
    let person = Person(home: manager.directory + "/home")
    let file = manager.directory + "/laptop.json"
    let exported = try await manager.run("context", "export", file)
    #expect(exported.code == 0 && exported.output.contains("✓ Context exported: \(file)") && exported.output.contains("  Name: laptop"))
    #expect(try (FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber)?.intValue == 0o600)

    let imported = try await person.run("context", "import", "prod", file)
    #expect(imported.code == 0, "\(imported.errors)")
    #expect(try person.mode(".config/warren/contexts/prod.json") == 0o600 && person.mode(".config/warren") == 0o700)
    let listed = try await person.run("node", "list", "--context", "prod")
    #expect(listed.code == 0 && listed.output.contains("n1"), "\(listed.errors)")
    #expect(try await person.run("context", "use", "prod").code == 0)
    #expect(try await person.run("cluster", "info").output.contains("Leader ID: n1"))
    let contexts = try await person.run("context", "list", "-q")
    #expect(contexts.output == "prod\n")

    let revoked = try await person.run("context", "revoke", "prod")
    #expect(revoked.code == 0, "\(revoked.errors)")
    let refused = try await person.run("node", "list")
    #expect(refused.code == 7 && refused.errors.contains("was revoked"), "\(refused.errors)")
    #expect(try await person.run("context", "remove", "prod").code == 0)
    let gone = try await person.run("node", "list", "--context", "prod")
    #expect(gone.code == 3 && gone.errors.contains("there is no context prod"))
  }

  @Test func whatIsNotAContextIsRefusedAndNotKept() async throws {
    let home = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: home) }
    let person = Person(home: home)
    try Data("{}".utf8).write(to: URL(filePath: home + "/x.json"))
    let damaged = try await person.run("context", "import", "prod", home + "/x.json")
    #expect(damaged.code == 2 && damaged.errors.contains("not a context that warren exported"))
    #expect(try await person.run("context", "import", "a/b", home + "/x.json").code == 2)
    #expect(try await person.run("context", "import", "prod", home + "/none").code == 3)
    #expect(try await person.run("context", "list").output == "No contexts found\n")
    #expect(try await person.run("context", "revoke").code == 2)
  }

  /// To the letter what scripts of the Go original read.
  @Test func joinTokenSaysHowToJoin() async throws {
    let manager = try await ManagerProcess()
    for (role, command) in [("worker", "warren worker start --manager"), ("manager", "warren manager join --leader")] {
      let answer = try await manager.run("cluster", "join-token", role)
      let lines = answer.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      try #require(lines.count == 9, "\(answer.output)\(answer.errors)")
      let token = lines[2].trimmingCharacters(in: .whitespaces)
      #expect(token.wholeMatch(of: /[0-9a-f]{64}/) != nil && lines[2] == "    \(token)")
      let head = ["Join token for \(role):", "", "    \(token)", "", "This token expires in 24 hours.", "", "To join a \(role) to the cluster, run:"]
      #expect(Array(lines.prefix(7)) == head)
      #expect(lines[7].hasPrefix("    \(command) 127.0.0.1:") && lines[7].hasSuffix(" --token \(token)"))
    }
    let hours = try await manager.run("cluster", "join-token", "worker", "--ttl", "90m", "--rotate")
    #expect(hours.output.contains("This token expires in 90 minutes."))
    #expect(try await manager.run("cluster", "join-token", "worker", "--ttl", "0").code == 2)
    #expect(try await manager.run("cluster", "join-token", "king").code == 2)
    #expect(try await manager.run("cluster", "join-token", "worker", "-q").output.count == 65)
  }

  @Test func theAuthorityIsReplacedWithOneCommand() async throws {
    let manager = try await ManagerProcess()
    let done = try await manager.run("cluster", "rotate-ca", "--timeout", "5m")
    #expect(done.code == 0 && done.output.contains("✓ Every node has a certificate of the new authority"), "\(done.errors)")
    let (_, log) = manager.stop()
    #expect(log.contains("certificate.renewed") && log.contains("authority.replaced"))
  }

  @Test func anAddressThatIsTakenIsSaidInOneLine() async throws {
    let manager = try await ManagerProcess()
    let address = try await manager.run("cluster", "join-token", "worker").output.split(separator: " ").first { $0.hasPrefix("127.0.0.1:") }
    let second = try await WarrenProcess.run([
      "cluster", "init", "--manager-only", "--node-id", "n2", "--metrics-addr", "off", "--data-dir", manager.directory + "/second", "--socket",
      manager.directory + "/s2", "--bind-addr", "127.0.0.1:\(Int.random(in: 20000..<60000))", "--api-addr", String(try #require(address)),
    ])
    #expect(second.code == 1 && second.errors.contains("cannot serve the API on") && second.errors.contains("another program listens there"))
  }
}
