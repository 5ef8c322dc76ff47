import ClusterModel
import Glibc
import NIOConcurrencyHelpers

/// Keeps a second process from opening the same data directory. Held until `release`; the kernel releases it when the process dies.
package final class DirectoryLock: Sendable {
  private let held: NIOLockedValueBox<Int32?>

  /// - Parameter path: of the file that is locked.
  /// - Throws: `.failedPrecondition` naming the process that holds it.
  package init(path: String, dataDirectory: String) throws {
    let file = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileSystem.failure("open", path) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      defer { Glibc.close(file) }
      guard reason == EWOULDBLOCK else { throw FileSystem.failure("lock", path) }
      var digits = [UInt8](repeating: 0, count: 20)
      let count = pread(file, &digits, digits.count, 0)
      let owner = count > 0 ? " (process \(String(decoding: digits[..<count], as: UTF8.self)))" : ""
      throw WarrenError(
        .failedPrecondition,
        "\(dataDirectory) is in use by another warren\(owner). Stop that one first, or give this one another directory with --data-dir.")
    }
    let pid = Array(String(getpid()).utf8)
    // Only a hint for people: that it cannot be written takes nothing from the lock.
    if ftruncate(file, 0) == 0 { _ = pwrite(file, pid, pid.count, 0) }
    held = NIOLockedValueBox(file)
  }

  deinit { release() }

  package func release() {
    held.withLockedValue { file in
      // Closing alone would leave it locked while a child that is just being started still has the descriptor.
      if let file {
        flock(file, LOCK_UN)
        Glibc.close(file)
      }
      file = nil
    }
  }
}
