import ClusterModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Worker

struct JournalTests {
  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = "\(NSTemporaryDirectory())/warren-journal-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
  }

  @Test func remembersTheManagers() async throws {
    try await withFolder { folder in
      let path = "\(folder)/worker.sqlite"
      let managers = [ManagerAddress(node: "m1", address: "a:1", weight: 0), ManagerAddress(node: "m2", address: "[::1]:2", weight: 7)]
      let journal = try Journal(path: path)
      #expect(try await journal.managers().isEmpty)
      try await journal.save(managers: [ManagerAddress(node: "m9", address: "old:1")])
      try await journal.save(managers: managers)
      #expect(try await Journal(path: path).managers() == managers)
    }
  }

  private var record: TaskRecord {
    var spec = TaskSpec(container: ContainerSpec(image: "web"))
    spec.container.env = ["A=b"]
    spec.ports = [PublishedPort(hostPort: 8080, containerPort: 80)]
    var record = TaskRecord(assigned: ClusterTask(id: "t", serviceID: "s", serviceName: "web", slot: 2, revision: 7, spec: spec))
    record.attempt = 4
    record.startedIn = BootID(rawValue: "boot/7")
    record.status = TaskStatus(state: .waiting, attempt: 4, message: "exited with 3", since: Timestamp(seconds: 5, nanoseconds: 6))
    record.status.lastExit = ExitStatus(code: 3, reason: "exited with 3", at: Timestamp(seconds: 5))
    record.status.nextAttemptAt = Timestamp(seconds: 9)
    _ = record.restarts.attemptEnded(.exited(code: 3), ranFor: .zero, policy: spec.restart, now: Timestamp(seconds: 5))
    record.next = .restart(after: .milliseconds(1500), message: "exited with 3")
    record.task.status = record.status
    return record
  }

  /// They say whether a container was started, but not in which boot.
  @Test(arguments: [true, false]) func progressOfEarlierVersionsIsRead(_ hasStarted: Bool) async throws {
    try await withFolder { folder in
      let journal = try Journal(path: "\(folder)/worker.sqlite")
      try await journal.save(record)
      let progress = Data(#"{"attempt":4,"hasStarted":\#(hasStarted),"restarts":{"step":0,"recent":[],"granted":0}}"#.utf8)
      try await journal.database.write { try $0.execute(sql: "UPDATE task SET progress = ?", arguments: [progress]) }
      #expect(try await journal.load().map(\.startedIn) == [hasStarted ? .unknown : nil])
    }
  }

  @Test func whatWasSavedIsLoadedByTheNextLife() async throws {
    try await withFolder { folder in
      let path = "\(folder)/worker.sqlite"
      try await Journal(path: path).save(record)
      #expect(try await Journal(path: path).load() == [record])

      var later = record
      later.next = .end(.complete, message: "finished")
      try await Journal(path: path).save(later)
      #expect(try await Journal(path: path).load() == [later])

      try await Journal(path: path).remove("t")
      #expect(try await Journal(path: path).load().isEmpty)
    }
  }

  @Test func itIsForRootOnly() async throws {
    try await withFolder { folder in
      let journal = try Journal(path: "\(folder)/worker.sqlite")
      try await journal.save(record)
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.posixPermissions] as? Int
        #expect(mode == 0o600, "\(name)")
      }
    }
  }

  @Test func aFileThatIsNoJournalIsRefusedWithWhatToDo() async throws {
    try await withFolder { folder in
      let path = "\(folder)/worker.sqlite"
      try Data(repeating: 0x41, count: 5000).write(to: URL(fileURLWithPath: path))
      #expect { _ = try Journal(path: path) } throws: { error in
        (error as? WarrenError)?.code == .dataLoss && "\(error)".contains("move it away")
      }
    }
  }
}

extension Journal {
  /// As if a later version had changed its tables.
  func pretendLaterVersion() async throws {
    try await database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('later')") }
  }
}
