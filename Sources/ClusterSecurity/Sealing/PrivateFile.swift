package import ClusterModel
import Glibc

/// A file that only its owner may read, and that is never seen half written.
package struct PrivateFile: Sendable {
  package let path: String
  /// Nothing that is kept in one comes near; what is larger is not ours.
  private static let largest = 1 << 20

  package init(_ path: String) { self.path = path }

  /// Nil when there is none. A file that others may read is closed to them.
  package func read() throws(WarrenError) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("read")
    }
    defer { close(file) }
    var info = stat()
    guard fstat(file, &info) == 0 else { throw failure("read") }
    guard info.st_mode & S_IFMT == S_IFREG, info.st_size <= Self.largest else {
      throw WarrenError(.failedPrecondition, "\(path) is not a file that warren wrote; move it away, or put back a copy of it")
    }
    if info.st_mode & 0o077 != 0, fchmod(file, 0o600) != 0 { throw failure("close to others") }
    var content = [UInt8](repeating: 0, count: Int(info.st_size))
    var done = 0
    while done < content.count {
      let count = content.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
      guard count >= 0 else { throw failure("read") }
      if count == 0 { break }
      done += count
    }
    return Array(content.prefix(done))
  }

  /// If there is one.
  package func remove() { unlink(path) }

  /// Durable when it returns. Makes the directory that it is in (mode 0700) if there is none.
  package func write(_ bytes: [UInt8]) throws(WarrenError) {
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    if mkdir(directory, 0o700) != 0, errno != EEXIST { throw failure("write") }
    let temporary = "\(path).new"
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("write") }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
      if count <= 0 { break }
      done += count
    }
    guard done == bytes.count, fchmod(file, 0o600) == 0, fsync(file) == 0, rename(temporary, path) == 0 else {
      let failure = failure("write")
      close(file)
      unlink(temporary)
      throw failure
    }
    close(file)
    let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { throw failure("write") }
    defer { close(parent) }
    guard fsync(parent) == 0 else { throw failure("write") }
  }

  private func failure(_ verb: String) -> WarrenError {
    let (code, advice): (WarrenError.Code, String) =
      switch errno {
      case EACCES, EPERM: (.permissionDenied, "run as root")
      case ENOSPC, EDQUOT: (.resourceExhausted, "free some space")
      default: (.failedPrecondition, "check the path and the disk")
      }
    return WarrenError(code, "cannot \(verb) \(path); \(String(cString: strerror(errno))); \(advice)")
  }
}
