import ClusterModel
import Glibc

/// The physical limit of one writer on a disk: write, `fdatasync`, again.
enum SyncedAppends {
  /// Appends a second to a file of its own, which is removed afterwards.
  static func perSecond(in directory: String, size: Int = 260, for duration: Duration) throws -> Double {
    let path = "\(directory)/warren-bench-appends-\(getpid())"
    let file = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw WarrenError(.failedPrecondition, "Cannot write to \(directory).") }
    defer {
      close(file)
      unlink(path)
    }
    let record = [UInt8](repeating: 7, count: size)
    let clock = ContinuousClock()
    let start = clock.now
    var count = 0
    while clock.now - start < duration {
      guard write(file, record, size) == size, fdatasync(file) == 0 else { throw WarrenError(.failedPrecondition, "Cannot sync to \(directory).") }
      count += 1
    }
    return Double(count) / Double((clock.now - start).nanoseconds) * 1e9
  }
}
