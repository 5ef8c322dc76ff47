import Foundation
import Glibc
import TestKit
import Testing

/// Three managers of one cluster, as processes on the loopback.
@Suite struct ManagersTests {
  func manager(_ id: String, joining token: String? = nil, at address: String = "", directory: String? = nil) async throws -> ManagerProcess {
    let node = ["--node-id", id, "--manager-only", "--metrics-addr", "off"]
    guard let token else { return try await ManagerProcess(["cluster", "init"] + node) }
    // Not in the arguments, which others can see.
    return try await ManagerProcess(["manager", "join", "--leader", address] + node, directory: directory, environment: ["WARREN_TOKEN": token])
  }

  func info(_ manager: ManagerProcess) async throws -> ClusterView {
    let result = try await manager.run("cluster", "info", "-o", "json")
    #expect(result.code == 0, "\(result.errors)")
    return try JSONDecoder().decode(ClusterView.self, from: Data(result.output.utf8))
  }

  /// What all of them say. A machine under load may elect another leader between two questions.
  func agreement(of managers: [ManagerProcess]) async throws -> ClusterView {
    var view = try await info(managers[0])
    try await eventually("all say the same") {
      view = try await info(managers[0])
      for manager in managers.dropFirst() { if try await info(manager) != view { return false } }
      return true
    }
    return view
  }

  struct ClusterView: Decodable, Equatable {
    struct Server: Decodable, Equatable {
      let id: String
      let suffrage: String
    }

    let clusterId: String
    let leaderId: String
    let servers: [Server]
  }

  func three() async throws -> [ManagerProcess] {
    let first = try await manager("m1")
    let token = try await first.run("cluster", "join-token", "manager", "-q").output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(token.count == 64)
    // Both at once.
    let address = first.apiAddress
    async let second = manager("m2", joining: token, at: "127.0.0.1:1,\(address)")
    async let third = manager("m3", joining: token, at: address)
    let managers = [first, try await second, try await third]
    for manager in managers {
      try await eventually("all vote") { try await info(manager).servers.filter { $0.suffrage == "SUFFRAGE_VOTER" }.count == 3 }
    }
    return managers
  }

  func create(_ name: String, at manager: ManagerProcess) async throws -> Int32 {
    try await manager.run("service", "create", name, "--image", "x", "--replicas", "0", "--detach").code
  }

  func services(at manager: ManagerProcess) async throws -> [String] {
    try await manager.run("service", "list", "-q").output.split(separator: "\n").map(String.init)
  }

  @Test func anyManagerAnswersAndALeaderThatDiesIsReplaced() async throws {
    var managers = try await three()
    let view = try await agreement(of: managers)
    #expect(view.servers.map(\.id) == ["m1", "m2", "m3"])
    for (number, manager) in managers.enumerated() { #expect(try await create("s\(number)", at: manager) == 0) }
    for manager in managers { #expect(try await services(at: manager).count == 3) }
    // What only the leader can say is passed on, also when it is a refusal.
    for manager in managers {
      let refusal = try await manager.run("node", "remove", "nobody")
      #expect(refusal.code == 3 && refusal.errors.contains("node \"nobody\" does not exist"), "\(refusal.errors)")
    }

    let leader = try #require(["m1", "m2", "m3"].firstIndex(of: view.leaderId))
    let dead = managers.remove(at: leader)
    _ = dead.stop(SIGKILL)
    #expect(try await create("after", at: managers[0]) == 0)
    #expect(try await services(at: managers[1]).count == 4)
    let next = try await info(managers[0])
    #expect(next.clusterId == view.clusterId && next.leaderId != view.leaderId)

    try await dead.restart(["start"])
    #expect(dead.greeting.contains("Node resumed: \(view.leaderId)"))
    #expect(try await services(at: dead).count == 4)
    _ = try await agreement(of: managers + [dead])
    for manager in managers + [dead] { #expect(manager.stop().code == 0) }
  }

  @Test func withoutAQuorumTheMissingAreNamedAndNothingIsLost() async throws {
    let managers = try await three()
    #expect(try await create("before", at: managers[2]) == 0)
    _ = managers[0].stop(SIGKILL)
    _ = managers[1].stop(SIGKILL)
    let refused = try await managers[2].run("service", "create", "x", "--image", "x", "--replicas", "0", "--detach")
    #expect(refused.code == 5 && refused.errors.contains("m1 (") && refused.errors.contains("m2 ("), "\(refused.errors)")
    let stale = try await managers[2].run("service", "list", "-q", "--stale")
    #expect(stale.code == 0 && stale.output.split(separator: "\n").count == 1)
    let view = try await managers[2].run("cluster", "info", "--stale")
    #expect(view.code == 0 && view.output.contains("Servers: 3"))
    try await managers[0].restart(["start"])
    #expect(try await create("after", at: managers[2]) == 0)
    #expect(try await services(at: managers[0]).count == 2)
  }

  @Test func aManagerWhoseAddressChangedIsFoundAgain() async throws {
    let managers = try await three()
    let moved = managers[1]
    _ = moved.stop()
    let address = "127.0.0.1:\(unusedPort())"
    try await moved.restart(["start", "--bind-addr", address])
    // With another one gone, the two that are left have to find each other.
    _ = managers[2].stop(SIGKILL)
    #expect(try await create("after", at: moved) == 0)
    let result = try await managers[0].run("cluster", "info")
    #expect(result.output.contains("    Address: \(address)\n"), "\(result.output)")
  }

  @Test func whatCannotJoinSaysWhyAndChangesNothing() async throws {
    let first = try await manager("m1")
    let worker = try await first.run("cluster", "join-token", "worker", "-q").output.trimmingCharacters(in: .whitespacesAndNewlines)
    let right = try await first.run("cluster", "join-token", "manager", "-q").output.trimmingCharacters(in: .whitespacesAndNewlines)
    let before = try await info(first)
    let foreign = String(repeating: "0", count: 32) + right.dropFirst(32)
    for (token, address, id, words) in [
      (worker, first.apiAddress, "m2", "manager"), (foreign, first.apiAddress, "m2", "not the cluster that the token is of"),
      (right, "127.0.0.1:1", "m2", "127.0.0.1:1"),
      (right, "no.such.host.invalid:8080", "m2", "no.such.host.invalid"), (right, first.apiAddress, "m1", "already"),
      ("", first.apiAddress, "m2", "token"),
    ] {
      let directory = try temporaryDirectory()
      defer { try? FileManager.default.removeItem(atPath: directory) }
      let result = try await WarrenProcess.run(
        [
          "manager", "join", "--leader", address, "--node-id", id, "--manager-only", "--metrics-addr", "off", "--data-dir", directory + "/data",
          "--socket", directory + "/s", "--api-addr", "127.0.0.1:\(unusedPort())", "--bind-addr", "127.0.0.1:\(unusedPort())",
        ], environment: ["WARREN_TOKEN": token])
      #expect(result.code != 0 && result.errors.contains(words), "\(words): \(result.errors)")
      #expect(token.isEmpty || !result.errors.contains(token))
      #expect(!FileManager.default.fileExists(atPath: directory + "/data/raft"))
    }
    #expect(try await info(first) == before)
  }
}
