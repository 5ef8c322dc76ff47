import Foundation
import TestKit
import Testing

extension ManagersTests {
  private func token(of manager: ManagerProcess) async throws -> String {
    try await manager.run("cluster", "join-token", "manager", "-q").output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// All go on meanwhile, also the one that was off when it began; at the end the old authority counts no more.
  @Test func theAuthorityIsReplacedWhileManagersComeAndGo() async throws {
    let managers = try await three()
    let old = try await token(of: managers[0])
    let away = managers[2]
    #expect(away.stop().code == 0)
    let begun = try await managers[1].run("cluster", "rotate-ca", "--detach")
    #expect(begun.code == 0 && begun.output.contains("✓ New authority: "), "\(begun.errors)")
    // Those that run have new certificates, and speak to one another with them.
    try await eventually("only the one that is off is waited for") {
      try await managers[0].run("cluster", "rotate-ca", "--timeout", "1s").errors.contains("new authority yet: m3;")
    }
    for (number, manager) in managers.prefix(2).enumerated() { #expect(try await create("during\(number)", at: manager) == 0) }
    let socket = managers[1].socket
    async let whole = WarrenProcess.run(["cluster", "rotate-ca", "--timeout", "600s"], environment: ["WARREN_SOCKET": socket])
    // It knows the old root only, and is known by a certificate of that only.
    try await away.restart(["start"])
    #expect(try await create("back", at: away) == 0)
    let end = try await whole
    #expect(end.code == 0 && end.output.contains("the old one counts no more"), "\(end.output) \(end.errors)")

    for (number, manager) in managers.enumerated() { #expect(try await create("after\(number)", at: manager) == 0) }
    for manager in managers { #expect(try await services(at: manager).count == 6) }
    // With another one gone, the two that are left need each other.
    #expect(managers[0].stop().code == 0)
    #expect(try await create("two", at: away) == 0)
    try await managers[0].restart(["start"])
    #expect(try await services(at: managers[0]).count == 7)
    let late = try await join(old, at: managers[1].apiAddress)
    // Who notices depends on whether the manager's certificate still carries the old authority: the manager or the one that joins.
    let refusals = ["token is of another cluster", "not the cluster that the token is of"]
    #expect(late.code != 0 && refusals.contains { late.errors.contains($0) }, "\(late.errors)")
  }

  private func join(_ token: String, at address: String, _ options: [String] = [], data: String? = nil) async throws -> WarrenProcess.Result {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var arguments = ["manager", "join", "--leader", address, "--manager-only", "--metrics-addr", "off", "--socket", directory + "/s"]
    arguments += ["--data-dir", data ?? directory + "/data"] + options
    for option in ["--api-addr", "--bind-addr"] where !options.contains(option) { arguments += [option, "127.0.0.1:\(unusedPort())"] }
    let result = try await WarrenProcess.run(arguments, environment: ["WARREN_TOKEN": token])
    if data == nil { #expect(!FileManager.default.fileExists(atPath: directory + "/data/raft")) }
    return result
  }

  @Test func whatIsTakenIsNamedAndNothingChanges() async throws {
    let (first, other) = (try await manager("m1"), try await manager("x1"))
    let token = try await token(of: first)
    let before = try await info(first)
    func refuses(_ words: [String], _ options: [String], data: String? = nil) async throws {
      let result = try await join(token, at: first.apiAddress, options, data: data)
      let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
      #expect(result.code != 0 && lines.count == 1, "\(result.errors)")
      for word in words { #expect(lines.first?.contains(word) == true, "\(word): \(result.errors)") }
    }
    try await refuses(["cannot serve the API on \(first.apiAddress)", "--api-addr"], ["--node-id", "m2", "--api-addr", first.apiAddress])
    try await refuses(
      ["cannot listen to other managers on \(first.raftAddress)", "--bind-addr"], ["--node-id", "m2", "--bind-addr", first.raftAddress])
    try await refuses(["there is a node m1 in the cluster already", "--node-id"], ["--node-id", "m1"])
    // A second cluster's, while its manager runs, and afterwards.
    let data = other.directory + "/data"
    try await refuses([data], ["--node-id", "x1"], data: data)
    #expect(other.stop().code == 0)
    try await refuses(["\(data) belongs to a node of cluster", "the token is of another cluster", "--data-dir"], ["--node-id", "x1"], data: data)
    #expect(try await info(first) == before)
    try await other.restart(["start"])
    #expect(other.greeting.contains("Node resumed: x1"))
  }
}
