package import ClusterModel
import Foundation
import GRDB
import SwiftProtobuf
import WarrenAPI

/// The worker's memory: its tasks and how far they are, so that it goes on after a crash or a reboot, also when no manager can be reached.
package final class Journal: Sendable {
  let database: DatabaseQueue

  /// Opens the journal, making it when it is not there.
  /// - Throws: `WarrenError`: `.dataLoss` when the file is no journal, `.failedPrecondition` when it is a later version's.
  package init(path: String) throws {
    do {
      var configuration = Configuration()
      configuration.label = "warren.journal"
      database = try DatabaseQueue(path: path, configuration: configuration)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL") }
      if try database.read({ try Self.migrations.hasBeenSuperseded($0) }) {
        throw WarrenError(
          .failedPrecondition, "The worker's journal \(path) was written by a later version of Warren; start that version, or a later one")
      }
      try Self.migrations.migrate(database)
    } catch let error as WarrenError {
      throw error
    } catch {
      throw WarrenError(
        .dataLoss, "The worker's journal \(path) cannot be read; move it away and start again: the manager assigns its tasks anew", cause: error)
    }
  }

  private static var migrations: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(sql: "CREATE TABLE task (id TEXT PRIMARY KEY, body BLOB NOT NULL, progress BLOB NOT NULL) WITHOUT ROWID")
    }
    migrator.registerMigration("2") { database in
      try database.execute(sql: "CREATE TABLE manager (address TEXT PRIMARY KEY, node TEXT NOT NULL, weight INTEGER NOT NULL) WITHOUT ROWID")
    }
    migrator.registerMigration("3") { database in
      try database.execute(sql: "CREATE TABLE founder (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL)")
    }
    return migrator
  }

  /// What the task's own message has no room for, as JSON.
  private struct Progress: Codable {
    var attempt: Int
    var hasStarted: Bool
    /// Of containers that earlier versions started, nothing is known.
    var startedIn: BootID?
    var restarts: RestartDecider
    var next: TaskMachine.Next?
  }

  package func save(_ record: TaskRecord) async throws {
    let id = record.task.id.rawValue
    var task = record.task
    task.status = record.status
    let body: Data = try task.wire.serializedData()
    let progress = try JSONEncoder().encode(
      Progress(
        attempt: record.attempt, hasStarted: record.startedIn != nil, startedIn: record.startedIn, restarts: record.restarts, next: record.next))
    try await database.write { database in
      try database.execute(sql: "INSERT OR REPLACE INTO task (id, body, progress) VALUES (?, ?, ?)", arguments: [id, body, progress])
    }
  }

  package func remove(_ task: TaskID) async throws {
    try await database.write { database in try database.execute(sql: "DELETE FROM task WHERE id = ?", arguments: [task.rawValue]) }
  }

  package func load() async throws -> [TaskRecord] {
    try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT body, progress FROM task ORDER BY id").map { row in
        let task = try ClusterTask(wire: Warren_V1_Task(serializedBytes: row["body"] as Data))
        let progress = try JSONDecoder().decode(Progress.self, from: row["progress"])
        var record = TaskRecord(assigned: task)
        record.attempt = progress.attempt
        record.startedIn = progress.startedIn ?? (progress.hasStarted ? .unknown : nil)
        record.restarts = progress.restarts
        record.next = progress.next
        return record
      }
    }
  }
}
