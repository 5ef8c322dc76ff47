import Foundation
import TestKit
import Testing

/// What a person sees: the built binary against a real daemon that runs no containers.
@Suite struct BinaryTests {
  @Test func `A cluster is made, used and resumed`() async throws {
    let manager = try await ManagerProcess()
    #expect(manager.greeting.hasPrefix("✓ Cluster initialized successfully\n"))

    #expect(try await manager.run("service", "list").output == "No services found\n")
    let nodes = try await manager.run("node", "list").output.split(separator: "\n")
    #expect(nodes.count == 2 && nodes[0].hasPrefix("ID   ROLE      STATUS   CPU") && nodes[1].hasPrefix("n1   manager   ready"))
    let info = try await manager.run("cluster", "info").output
    #expect(
      info.hasPrefix("Cluster Information:\n  Leader ID: n1\n  Leader Address: ") && info.contains("\n\nRaft Servers:\n  - ID: n1\n    Address: "))
    #expect(info.hasSuffix("    Suffrage: Voter\n"))

    let created = try await manager.run("service", "create", "web", "--image", "nginx", "--replicas", "2", "--detach")
    #expect(created.code == 0 && created.errors.isEmpty)
    #expect(created.output.hasPrefix("✓ Service created: web\n  ID: ") && created.output.hasSuffix("\n  Image: nginx\n  Replicas: 2\n"))
    let row = try await manager.run("service", "list").output.split(separator: "\n")[1].split(separator: " ")
    #expect(row.prefix(3) == ["web", "0/2", "nginx"])
    #expect(try await manager.run("service", "scale", "web", "--replicas", "0").output == "✓ Service scaled: web\n  Replicas: 2 → 0\n")

    #expect(manager.stop(SIGKILL).code == SIGKILL)
    try await manager.restart(["start"])
    #expect(manager.greeting.hasPrefix("✓ Node resumed: n1\n"))
    let services = try await manager.run("service", "list", "-o", "json").output
    let decoded = try #require(JSONSerialization.jsonObject(with: Data(services.utf8)) as? [[String: Any]])
    #expect((decoded.first?["spec"] as? [String: Any])?["name"] as? String == "web")
    #expect(try await manager.run("service", "delete", "WEB").output == "✓ Service deleted: web\n")
    #expect(try await manager.run("service", "list", "-q").output == "")
    let (code, log) = manager.stop()
    #expect(code == 0 && log.isEmpty == false || code == 0)
  }

  @Test func `Failures have their exit codes and one line each`() async throws {
    let manager = try await ManagerProcess()
    func refused(_ code: Int32, _ words: String, _ result: WarrenProcess.Result) {
      #expect(result.code == code, "\(result)")
      #expect(result.errors.hasPrefix("error: ") && result.errors.contains(words) && result.errors.split(separator: "\n").count == 1, "\(result)")
      #expect(result.output.isEmpty, "\(result)")
    }
    refused(3, "nope", try await manager.run("service", "inspect", "nope"))
    refused(3, "nope", try await manager.run("task", "inspect", "nope"))
    refused(3, "nope", try await manager.run("node", "inspect", "nope"))
    refused(2, "name", try await manager.run("service", "create", "a_b!", "--image", "web", "--detach"))
    refused(2, "node.color", try await manager.run("service", "create", "a", "--image", "web", "--constraint", "node.color==red", "--detach"))
    refused(5, "/nowhere.sock", try await manager.run("service", "list", "--socket", "/run/nowhere.sock"))
    #expect(try await manager.run("service", "create", "a", "--image", "web", "--detach", "-q").code == 0)
    refused(4, "a", try await manager.run("service", "create", "A", "--image", "web", "--detach"))

    refused(2, "directory", try await manager.run("image", "load", "/etc"))
    refused(3, "/nonexistent", try await manager.run("image", "load", "/nonexistent"))
    refused(3, "nope", try await manager.run("service", "delete", "a", "nope", "--detach"))
    #expect(try await manager.run("service", "inspect", "a").code == 0, "one wrong name, and nothing is deleted")

    let stuck = try await manager.run("service", "scale", "a", "--replicas", "2", "--timeout", "700ms")
    #expect(stuck.code == 6 && stuck.errors.contains("error: a did not get there within"), "\(stuck)")
  }

  @Test func `A data directory belongs to one node and one process`() async throws {
    let manager = try await ManagerProcess()
    let data = manager.directory + "/data"
    let second = try await WarrenProcess.run(["start", "--data-dir", data])
    #expect(second.code == 1 && second.errors.contains("in use by another warren"))
    #expect(manager.stop().code == 0)
    let busy = try await ManagerProcess()
    let other = try await WarrenProcess.run(["cluster", "init", "--data-dir", data, "--node-id", "n2"])
    #expect(other.code == 1 && other.errors.contains("belongs to node n1, not n2"))
    let empty = try await WarrenProcess.run(["start", "--data-dir", manager.directory + "/empty"])
    #expect(empty.code == 3 && empty.errors.contains("warren cluster init") && !FileManager.default.fileExists(atPath: manager.directory + "/empty"))
    let bad = try await WarrenProcess.run(["cluster", "init", "--data-dir", manager.directory + "/bad", "--cni-subnet", "x"])
    let shared = try await WarrenProcess.run(
      ["cluster", "init", "--manager-only", "--data-dir", manager.directory + "/bad", "--socket", busy.socket, "--metrics-addr", "off"])
    #expect(shared.code == 1 && shared.errors.contains("another warren daemon") && shared.errors.contains("--socket"), "\(shared)")
    #expect(!FileManager.default.fileExists(atPath: manager.directory + "/bad"), "nothing is made before it is known that it can run")
    #expect(bad.code == 2 && !FileManager.default.fileExists(atPath: manager.directory + "/bad"))
    try await manager.restart(["cluster", "init"])
    #expect(manager.greeting.hasPrefix("✓ Cluster initialized successfully\n") && manager.greeting.contains("Node ID: n1"))
  }

  @Test func `An address that another program listens on is named, and nothing is made`() async throws {
    let busy = try await ManagerProcess()
    let data = busy.directory + "/other"
    let token = try await busy.run("cluster", "join-token", "worker", "-q").output.trimmingCharacters(in: .newlines)
    let starts = [
      ("--api-addr", ["cluster", "init", "--manager-only", "--bind-addr", "127.0.0.1:\(unusedPort())", "--socket", busy.directory + "/t"]),
      ("--bind-addr", ["cluster", "init", "--manager-only", "--api-addr", "127.0.0.1:\(unusedPort())", "--socket", busy.directory + "/t"]),
      ("--metrics-addr", ["worker", "start", "--manager", busy.apiAddress, "--token", token]),
    ]
    for (option, start) in starts {
      let refused = try await WarrenProcess.run(start + ["--data-dir", data, option, busy.apiAddress])
      #expect(refused.code == 1 && refused.errors.contains("on \(busy.apiAddress); Address already in use"), "\(refused)")
      #expect(refused.errors.contains(option) && refused.errors.split(separator: "\n").count == 1, "\(refused)")
      #expect(!FileManager.default.fileExists(atPath: data), "\(option)")
    }
    #expect(try await busy.run("node", "list", "-q").output == "n1\n")
  }

  @Test(.timeLimit(.minutes(5)), arguments: [["events", "-f"], ["node", "list", "--watch"]])
  func `What follows ends quietly when nobody reads any more, though nothing happens`(arguments: [String]) async throws {
    let manager = try await ManagerProcess()
    let process = try WarrenProcess.start(arguments, environment: ["WARREN_SOCKET": manager.socket])
    #expect(!process.output.read().isEmpty)
    process.output.close()
    #expect(try await onOwnThread { process.wait() } == .code(0))
    #expect(process.errors.readToEnd().isEmpty)
  }

  @Test func `Completion names what there is, and is silent without a daemon`() async throws {
    let manager = try await ManagerProcess()
    _ = try await manager.run("service", "create", "web", "--image", "nginx", "--replicas", "0", "--detach")
    let names = ["---completion", "service", "ps", "--", "positional@0", "2", "2", "warren", "service", "ps", "w"]
    // It gives up after half a second, which is short on a busy machine.
    try await eventually("the service is named") {
      let found = try await WarrenProcess.run(names, environment: ["WARREN_SOCKET": manager.socket])
      return found.code == 0 && found.output.contains("web")
    }
    let none = try await WarrenProcess.run(names, environment: ["WARREN_SOCKET": "/run/nowhere.sock"])
    #expect(none.code == 0 && !none.output.contains("web") && none.errors.isEmpty, "\(none)")
    for shell in ["bash", "zsh", "fish"] { #expect(try await WarrenProcess.run(["--generate-completion-script", shell]).output.contains("warren")) }
  }
}
