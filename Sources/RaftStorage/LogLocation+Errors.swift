package import ClusterModel
import GRDB

extension LogLocation {
  /// Runs database work and puts SQLite's errors into words.
  func translating<Result>(_ body: () throws -> Result) throws(WarrenError) -> Result {
    do { return try body() } catch let error as DatabaseError {
      throw describe(error)
    } catch let error as WarrenError {
      throw error
    } catch {
      throw WarrenError(.internalError, "The database \(database) failed. Start again; if it happens again, report it.", cause: error)
    }
  }

  package var full: WarrenError {
    WarrenError(.resourceExhausted, "The disk that holds \(directory) is full: nothing was stored. Free some space and try again.")
  }

  func describe(_ error: DatabaseError) -> WarrenError {
    switch error.resultCode {
    case .SQLITE_FULL:
      full
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_MISMATCH, .SQLITE_ERROR:
      damage("SQLite cannot read it.", cause: error)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      WarrenError(.failedPrecondition, "\(database) is in use by another program. Close that one and start again.", cause: error)
    case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      WarrenError(.failedPrecondition, "Cannot open \(database) for writing. Check who owns it, its permissions and the file system.", cause: error)
    case .SQLITE_IOERR:
      WarrenError(
        .internalError,
        "Reading, writing or syncing \(database) failed, so it is unknown what is on the disk. This process must end; check the disk (dmesg), then start it again.",
        cause: error)
    default:
      WarrenError(.internalError, "The database \(database) failed. Start again; if it happens again, report it.", cause: error)
    }
  }
}
