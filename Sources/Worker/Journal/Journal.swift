package import ClusterModel
import Foundation
import GRDB
import SwiftProtobuf
import WarrenAPI

/// The worker's memory: its tasks and how far they are, so that it goes on after a crash or a reboot, also when no manager can be reached.
package final class Journal: Sendable {
  private let database: DatabaseQueue

  /// Opens the journal, making it when it is not there.
  /// - Throws: `WarrenError(.dataLoss)` when the file is no journal.
  package init(path: String) throws {
    do {
      var configuration = Configuration()
      configuration.label = "warren.journal"
      configuration.maximumReaderCount = 1
      database = try DatabaseQueue(path: path, configuration: configuration)
      try database.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
        try database.execute(
          sql: """
            CREATE TABLE IF NOT EXISTS task (
              id TEXT PRIMARY KEY, body BLOB NOT NULL, attempt INTEGER NOT NULL, started BOOLEAN NOT NULL, restarts BLOB NOT NULL
            ) WITHOUT ROWID
            """)
      }
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    } catch {
      throw WarrenError(
        .dataLoss, "The worker's journal \(path) cannot be read; move it away and start again: the manager assigns its tasks anew", cause: error)
    }
  }

  package func save(_ record: TaskRecord) async throws {
    let id = record.task.id.rawValue
    var task = record.task
    task.status = record.status
    let body: Data = try task.wire.serializedData()
    let restarts = try JSONEncoder().encode(record.restarts)
    try await database.write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO task (id, body, attempt, started, restarts) VALUES (?, ?, ?, ?, ?)",
        arguments: [id, body, record.attempt, record.hasStarted, restarts])
    }
  }

  package func remove(_ task: TaskID) async throws {
    try await database.write { database in try database.execute(sql: "DELETE FROM task WHERE id = ?", arguments: [task.rawValue]) }
  }

  package func load() async throws -> [TaskRecord] {
    try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT body, attempt, started, restarts FROM task ORDER BY id").map { row in
        let task = try ClusterTask(wire: Warren_V1_Task(serializedBytes: row["body"] as Data))
        var record = TaskRecord(assigned: task)
        record.attempt = row["attempt"]
        record.hasStarted = row["started"]
        record.restarts = try JSONDecoder().decode(RestartDecider.self, from: row["restarts"])
        return record
      }
    }
  }
}
