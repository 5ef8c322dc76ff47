import Foundation
import Glibc
import TestKit
import Testing

/// Backups, and clusters that go on without most of their managers, as processes on the loopback.
@Suite struct RecoveryTests {
  private let quiet = ["--manager-only", "--metrics-addr", "off"]

  private func founded() async throws -> ManagerProcess { try await ManagerProcess(["cluster", "init", "--node-id", "m1"] + quiet) }

  private func joined(_ id: String, to first: ManagerProcess, directory: String? = nil) async throws -> ManagerProcess {
    let token = try await first.run("cluster", "join-token", "manager", "-q").output.trimmingCharacters(in: .whitespacesAndNewlines)
    return try await ManagerProcess(
      ["manager", "join", "--leader", first.apiAddress, "--node-id", id] + quiet, directory: directory, environment: ["WARREN_TOKEN": token])
  }

  private func three() async throws -> [ManagerProcess] {
    let first = try await founded()
    let managers = [first, try await joined("m2", to: first), try await joined("m3", to: first)]
    try await eventually("all vote") { try await first.run("cluster", "info").output.components(separatedBy: "Suffrage: Voter").count == 4 }
    return managers
  }

  private func listens(_ address: String) -> Bool {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = UInt16(address.split(separator: ":")[1])?.bigEndian ?? 0
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
  }

  private func create(_ name: String, at manager: ManagerProcess) async throws {
    let result = try await manager.run("service", "create", name, "--image", "x", "--replicas", "0", "--detach")
    #expect(result.code == 0, "\(result.errors)")
  }

  private func services(at manager: ManagerProcess) async throws -> [String] {
    let list = try await manager.run("service", "list").output.split(separator: "\n").dropFirst()
    return list.compactMap { $0.split(separator: " ").first.map(String.init) }.sorted()
  }

  private func restore(_ file: String, into directory: String, id: String = "m9") async throws -> WarrenProcess.Result {
    try await WarrenProcess.run(
      ["cluster", "restore", file, "--data-dir", directory + "/data", "--socket", directory + "/s", "--node-id", id] + quiet)
  }

  @Test func aBackupFromAnyManagerIsRestoredOnANewMachine() async throws {
    let managers = try await three()
    try await create("one", at: managers[0])
    let token = try await managers[1].run("cluster", "join-token", "manager", "-q").output.trimmingCharacters(in: .whitespacesAndNewlines)
    let file = managers[0].directory + "/backup"
    let result = try await managers[2].run("cluster", "backup", file)
    #expect(result.code == 0 && result.output.contains("✓ Backup written") && result.output.contains("Made by: m3"), "\(result.errors)")
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    let again = try await managers[2].run("cluster", "backup", file)
    #expect(again.code == 4 && again.errors.contains("not overwritten"), "\(again.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
    try await create("two", at: managers[0])
    for manager in managers { _ = manager.stop(SIGKILL) }

    let directory = try temporaryDirectory()
    let restored = try await restore(file, into: directory)
    #expect(restored.code == 0 && restored.output.contains("Managers given up: m1, m2, m3"), "\(restored.errors)")
    let new = try await ManagerProcess(["start"], directory: directory)
    #expect(new.greeting.contains("Node resumed: m9"))
    #expect(try await services(at: new) == ["one"])
    let info = try await new.run("cluster", "info")
    #expect(info.output.contains("Leader ID: m9") && info.output.contains("Servers: 1"), "\(info.output)")
    // Tokens hold, and a new manager gets everything.
    let joiner = try await ManagerProcess(
      ["manager", "join", "--leader", new.apiAddress, "--node-id", "m1"] + quiet, environment: ["WARREN_TOKEN": token])
    try await create("three", at: joiner)
    #expect(try await services(at: new) == ["one", "three"])

    // One of before is called, and ends for ever.
    try managers[1].relaunch(["start"])
    let ended = managers[1].end()
    #expect(ended.code == 1 && ended.log.contains("restored without this manager"), "\(ended.log)")
    try managers[1].relaunch(["start"])
    #expect(managers[1].end().log.contains("error: the cluster was recovered or restored without this manager"))
    #expect(try await services(at: new) == ["one", "three"])
  }

  @Test func theLastOfThreeGoesOnAndTheOthersAreFenced() async throws {
    let managers = try await three()
    try await create("before", at: managers[1])
    let running = try await managers[0].run("cluster", "recover", "--data-dir", managers[0].directory + "/data", "--yes")
    #expect(running.code != 0 && running.errors.contains("in use"), "\(running.errors)")
    for manager in managers.prefix(2) { _ = manager.stop(SIGKILL) }
    let alone = try await managers[2].run("cluster", "backup", managers[2].directory + "/alone", "--stale")
    #expect(alone.code == 0, "\(alone.errors)")
    _ = managers[2].stop(SIGKILL)
    let data = managers[2].directory + "/data"
    let look = try await WarrenProcess.run(["cluster", "recover", "--data-dir", data])
    #expect(look.code == 0 && look.output.contains("m1 (") && look.output.contains("Nothing was changed"), "\(look.output)\(look.errors)")

    // One that answers is not given up by mistake.
    try managers[0].relaunch(["start"])
    try await eventually("it listens") { listens(managers[0].raftAddress) }
    let refused = try await WarrenProcess.run(["cluster", "recover", "--data-dir", data, "--yes"])
    #expect(refused.code == 1 && refused.errors.contains("m1 (") && refused.errors.contains("answer"), "\(refused.errors)")
    _ = managers[0].stop(SIGKILL)
    let done = try await WarrenProcess.run(["cluster", "recover", "--data-dir", data, "--yes"])
    #expect(done.code == 0 && done.output.contains("✓ Recovered: m3 is the only manager"), "\(done.errors)")
    try await managers[2].restart(["start"])
    #expect(try await services(at: managers[2]) == ["before"])
    try await create("after", at: managers[2])
    let again = try await managers[2].run("cluster", "recover", "--data-dir", data, "--yes")
    #expect(again.code != 0 && again.errors.contains("in use"))

    // Both come back at once: they would be a majority of the three.
    for manager in managers.prefix(2) { try manager.relaunch(["start"]) }
    for manager in managers.prefix(2) {
      let ended = manager.end()
      #expect(ended.code == 1 && ended.log.contains("restored without this manager"), "\(ended.log)")
    }
    #expect(try await services(at: managers[2]) == ["after", "before"])
    let fenced = try await WarrenProcess.run(["cluster", "recover", "--data-dir", managers[0].directory + "/data", "--yes"])
    #expect(fenced.code == 1 && fenced.errors.contains("must not take part"), "\(fenced.errors)")
    let anew = try await WarrenProcess.run(["manager", "rejoin", "--data-dir", managers[1].directory + "/data"])
    #expect(anew.code == 1 && anew.errors.contains("must not take part"), "\(anew.errors)")

    // The machine is used again, under its old name.
    let rejoined = try await joined("m1", to: managers[2], directory: managers[0].directory)
    try await eventually("it votes") { try await rejoined.run("cluster", "info").output.components(separatedBy: "Suffrage: Voter").count == 3 }
    #expect(try await services(at: rejoined) == ["after", "before"])
    #expect(FileManager.default.fileExists(atPath: managers[0].directory + "/data/raft.given-up-1/log.sqlite"))
    _ = rejoined.stop()
    try await rejoined.restart(["start"])
  }

  @Test func whatIsNoBackupIsRefusedAndChangesNothing() async throws {
    let manager = try await founded()
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let good = directory + "/good"
    #expect(try await manager.run("cluster", "backup", good).code == 0)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: good))
    var flipped = bytes
    flipped[bytes.count / 2] ^= 1
    for (number, (content, words)) in [
      (Data("nonsense".utf8), "is no backup"), (Data(), "is no backup"), (bytes.dropLast(), "cut short"), (bytes.prefix(10), "cut short"),
      (flipped, "damaged"), (bytes + [0], "behind its end"),
    ].enumerated() {
      let file = directory + "/\(number)"
      try content.write(to: URL(fileURLWithPath: file))
      let result = try await restore(file, into: directory)
      #expect(result.code == 1 || result.code == 2, "\(result.code)")
      #expect(
        result.errors.contains(words) && result.errors.hasPrefix("error: ") && !result.errors.dropLast().contains("\n"), "\(words): \(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: directory + "/data"))
    }
    #expect(try await restore(directory + "/none", into: directory).code == 3)
    #expect(try await restore(good, into: manager.directory).errors.contains("holds a manager already"))
    try FileManager.default.createDirectory(atPath: directory + "/data/photos", withIntermediateDirectories: true)
    #expect(try await restore(good, into: directory).errors.contains("photos"))
    // Nor does the file have to have a name, if standard output is no terminal.
    let piped = try await manager.run("cluster", "backup", "-")
    #expect(piped.code == 0 && piped.output.hasPrefix("warren-backup 1\n"))
    #expect(try await manager.run("cluster", "backup", directory + "/none/b").code == 3)
  }

  @Test func aRestorationThatIsKilledAnywhereIsRepeated() async throws {
    let manager = try await founded()
    try await create("kept", at: manager)
    let file = manager.directory + "/backup"
    #expect(try await manager.run("cluster", "backup", file).code == 0)
    _ = manager.stop(SIGKILL)
    for delay in stride(from: 0, through: 60_000, by: 4000) {
      let directory = try temporaryDirectory()
      defer { try? FileManager.default.removeItem(atPath: directory) }
      let arguments = ["cluster", "restore", file, "--data-dir", directory + "/data", "--socket", directory + "/s", "--node-id", "m9"] + quiet
      let process = try WarrenProcess.start(arguments)
      usleep(UInt32(delay))
      process.send(SIGKILL)
      _ = process.wait()
      let again = try await restore(file, into: directory)
      #expect(again.code == 0 || again.errors.contains("holds a manager already"), "\(again.errors)")
      if delay.isMultiple(of: 20_000) {
        let new = try await ManagerProcess(["start"], directory: directory)
        #expect(try await services(at: new) == ["kept"])
      }
    }
  }

  @Test func aManagerThatFindsNobodyIsToldOfOne() async throws {
    let managers = try await three()
    let addresses = managers.map { _ in ("127.0.0.1:\(unusedPort())", "127.0.0.1:\(unusedPort())") }
    func verb(_ number: Int, _ words: [String]) -> [String] { words + ["--api-addr", addresses[number].0, "--bind-addr", addresses[number].1] }
    _ = managers[2].stop(SIGKILL)
    // While it is off the others move, one after the other; and so does it.
    for number in 0..<2 {
      _ = managers[number].stop()
      try await managers[number].restart(verb(number, ["start"]))
      try await create("moved-\(number)", at: managers[number])
    }
    // The first of them answers nobody.
    try await managers[2].restart(verb(2, ["manager", "join", "--leader", "127.0.0.1:1,\(addresses[0].0)"]))
    #expect(managers[2].greeting.contains("Node resumed: m3"))
    #expect(try await services(at: managers[2]) == ["moved-0", "moved-1"])
  }
}
