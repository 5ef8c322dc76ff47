import Foundation
import Glibc
import TestKit
import Testing

/// A manager that is alone, and what its user sees when the disk fails it.
@Suite struct DiskFaultTests {
  private func create(_ name: String, _ manager: ManagerProcess) async throws -> WarrenProcess.Result {
    try await manager.run("service", "create", name, "--image", "nginx", "--replicas", "0", "--detach")
  }

  private func names(_ manager: ManagerProcess) async throws -> Set<String> {
    let list = try await manager.run("service", "list").output
    return Set(list.split(separator: "\n").dropFirst().compactMap { $0.split(separator: " ").first.map(String.init) })
  }

  @Test(.timeLimit(.minutes(5))) func `A failed sync ends the daemon with one line, and it starts again with all it acknowledged`() async throws {
    let syncs = try FailingSyncs()
    let manager = try await ManagerProcess(environment: syncs.environment)
    for name in ["a", "b"] { #expect(try await create(name, manager).code == 0) }
    syncs.fail()
    let refused = try await create("c", manager)
    #expect(refused.code != 0 && refused.errors.hasPrefix("error: ") && refused.errors.split(separator: "\n").count == 1, "\(refused)")
    let (code, log) = manager.end()
    #expect(code == 1)
    let words = log.split(separator: "\n").filter { $0.hasPrefix("error: ") }
    #expect(words.count == 1 && words.first == log.split(separator: "\n").last, "\(log)")
    #expect(words.first?.contains("syncing") == true && words.first?.contains("start it again") == true, "\(log)")

    try await manager.restart(["start"])
    #expect(manager.greeting.hasPrefix("✓ Node resumed: n1\n"))
    let found = try await names(manager)
    // What was on its way may be there or not.
    #expect(found.subtracting(["c"]) == ["a", "b"])
    #expect(try await create("d", manager).code == 0)
    #expect(manager.stop().code == 0)
  }

  /// Needs root: mounts a small tmpfs.
  @Test(.timeLimit(.minutes(5))) func `A full disk refuses changes, still answers, and takes them again once there is room`() async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let data = directory + "/data"
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    try #require(mount("tmpfs", data, "tmpfs", 0, "size=4m") == 0, "run the tests as root")
    defer { umount2(data, Int32(MNT_DETACH)) }
    let manager = try await ManagerProcess(directory: directory)
    #expect(try await create("before", manager).code == 0)
    let filler = data + "/filler"
    let file = open(filler, O_CREAT | O_WRONLY, 0o600)
    let zeros = [UInt8](repeating: 0, count: 4096)
    while write(file, zeros, zeros.count) > 0 {}
    close(file)

    for _ in 0..<3 {
      let refused = try await create("meanwhile", manager)
      #expect(refused.code == 1 && refused.output.isEmpty, "\(refused)")
      #expect(refused.errors == "error: The disk that holds \(data)/raft is full: nothing was stored. Free some space and try again.\n", "\(refused)")
    }
    #expect(try await names(manager) == ["before"])

    unlink(filler)
    // It notices by itself.
    while try await create("after", manager).code != 0 {}
    #expect(try await names(manager) == ["before", "after"])
    #expect(manager.stop(SIGKILL).code == SIGKILL)
    try await manager.restart(["start"])
    #expect(try await names(manager) == ["before", "after"])
    #expect(manager.stop().code == 0)
  }
}
