import ClusterModel
import Glibc
import NIOConcurrencyHelpers

/// A file that is not there before it is whole: readable by its owner only, on the disk when `finish` returns, and never in the place of
/// another one.
final class NewFile: Sendable {
  private struct State {
    var descriptor: Int32
    var size = 0
  }

  let path: String
  private let temporary: String
  private let state: NIOLockedValueBox<State>

  var size: Int { state.withLockedValue { $0.size } }

  /// - Throws: `alreadyExists` when there is something of that name.
  init(_ path: String) throws(WarrenError) {
    self.path = path
    temporary = "\(path).unfinished"
    var info = stat()
    if lstat(path, &info) == 0 { throw Self.taken(path) }
    // Left by one that was killed.
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(temporary) }
    state = NIOLockedValueBox(State(descriptor: descriptor))
    fchmod(descriptor, 0o600)
  }

  func write(_ bytes: [UInt8]) throws(WarrenError) {
    let isWritten = state.withLockedValue { state in
      var done = 0
      while done < bytes.count {
        let count = bytes.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress.map { $0 + done }, $0.count - done) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
      }
      state.size += done
      return true
    }
    if !isWritten { throw Self.failure(path) }
  }

  /// Gives it its name.
  func finish() throws(WarrenError) {
    guard state.withLockedValue({ fsync($0.descriptor) }) == 0 else { throw Self.failure(path) }
    if link(temporary, path) == 0 {
      unlink(temporary)
    } else {
      if errno == EEXIST { throw Self.taken(path) }
      // A file system without links: nobody else makes a file of this name in this moment, most probably.
      guard access(path, F_OK) != 0 else { throw Self.taken(path) }
      guard rename(temporary, path) == 0 else { throw Self.failure(path) }
    }
    close()
    let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { throw Self.failure(directory) }
    defer { Glibc.close(parent) }
    guard fsync(parent) == 0 else { throw Self.failure(directory) }
  }

  /// Leaves nothing behind.
  func discard() {
    close()
    unlink(temporary)
  }

  private func close() {
    state.withLockedValue { state in
      if state.descriptor >= 0 { Glibc.close(state.descriptor) }
      state.descriptor = -1
    }
  }

  private static func taken(_ path: String) -> WarrenError {
    WarrenError(.alreadyExists, "\(path) is there already and is not overwritten; name another file, or remove it first")
  }

  private static func failure(_ path: String) -> WarrenError {
    let (code, advice): (WarrenError.Code, String) =
      switch errno {
      case EACCES, EPERM: (.permissionDenied, "name a file in a directory of yours")
      case ENOSPC, EDQUOT: (.resourceExhausted, "free some space, or name a file on another disk")
      case ENOENT: (.notFound, "make the directory first")
      default: (.failedPrecondition, "check the path and the disk")
      }
    return WarrenError(code, "cannot write \(path); \(String(cString: strerror(errno))); nothing was kept; \(advice)")
  }
}
