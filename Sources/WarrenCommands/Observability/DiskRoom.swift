import ClusterModel
import Glibc

/// Whether the data directory can still be written: with a full disk every change is refused, however well reads go.
enum DiskRoom {
  /// A few times of what one change and its write-ahead log may need.
  static let least: Int64 = 16 << 20

  /// - Throws: `resourceExhausted` with what is left, `failedPrecondition` when the file system is read-only or cannot be asked.
  static func check(_ directory: String, least: Int64 = least) throws {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else {
      throw WarrenError(.failedPrecondition, "\(directory) cannot be examined; \(String(cString: strerror(errno))); check the disk")
    }
    guard status.f_flag & UInt(ST_RDONLY) == 0 else {
      throw WarrenError(.failedPrecondition, "\(directory) is read-only; mount it writable")
    }
    // What root may use, too: that is who writes here.
    let free = Int64(clamping: UInt64(status.f_bfree) * UInt64(status.f_frsize))
    guard free >= least else {
      throw WarrenError(.resourceExhausted, "only \(ByteCount.text(free)) free at \(directory), changes are refused when it is full; free some space")
    }
  }
}
