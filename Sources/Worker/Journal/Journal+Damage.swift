import ClusterModel
import Foundation
import GRDB
package import Logging

extension Journal {
  /// Opens the journal. One that is damaged is set aside, and an empty one begun: the containers carry their tasks, and the manager
  /// knows the rest. What is lost is how often tasks that have no container now were restarted.
  ///
  /// - Throws: `WarrenError(.failedPrecondition)` when it is a later version's.
  package static func recovering(path: String, logger: Logger) async throws -> Journal {
    do {
      let journal = try Journal(path: path)
      try await journal.check()
      return journal
    } catch  where isDamage(error) {
      logger.error("journal.damaged", metadata: ["path": "\(path)", "set_aside_as": "\(path).damaged", "error": "\(error)"])
    }
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: path + ".damaged" + suffix)
      try? FileManager.default.moveItem(atPath: path + suffix, toPath: path + ".damaged" + suffix)
    }
    return try Journal(path: path)
  }

  private func check() async throws {
    let found = try await database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
    if found != "ok" { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: found) }
    do { _ = try await load() } catch let error as DatabaseError { throw error } catch {
      throw WarrenError(.dataLoss, "A task in the worker's journal cannot be read: \(error)")
    }
  }

  /// A full disk or missing rights are none.
  private static func isDamage(_ error: any Error) -> Bool {
    let cause = (error as? WarrenError)?.cause ?? error
    if let cause = cause as? DatabaseError { return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(cause.resultCode) }
    return (cause as? WarrenError)?.code == .dataLoss
  }
}
