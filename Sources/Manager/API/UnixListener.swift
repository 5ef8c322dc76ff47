import ClusterModel
import Glibc
import NIOCore

/// A listening unix socket in the file system.
///
/// Only one process has a path at a time: the directory is locked while the path is looked at and taken, a socket on which somebody answers
/// is left alone, and one that a crash left behind is replaced.
struct UnixListener: Sendable {
  let path: String
  let descriptor: CInt
  private let device: dev_t
  private let inode: ino_t

  /// - Parameter group: may use the socket beside root, if there is such a group.
  init(path: String, group: String) throws(WarrenError) {
    let address: NIOCore.SocketAddress
    do { address = try NIOCore.SocketAddress(unixDomainSocketPath: path) } catch {
      throw WarrenError(.invalidArgument, "\(path) cannot be a socket; the path is too long for the kernel; use one of at most 107 bytes")
    }
    let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    try Self.makeDirectory(directory)
    let lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if lock < 0 { throw Self.failure("open", directory) }
    defer { close(lock) }
    if flock(lock, LOCK_EX) != 0 { throw Self.failure("lock", directory) }

    try Self.makeRoom(at: path, for: address)
    self.path = path
    descriptor = try Self.listen(on: address, path: path, group: group)
    var status = stat()
    if lstat(path, &status) != 0 {
      let error = Self.failure("examine", path)
      close(descriptor)
      throw error
    }
    (device, inode) = (status.st_dev, status.st_ino)
  }

  /// Removes the socket's file, unless somebody else has taken the path since.
  func removeFile() {
    var status = stat()
    if lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode { unlink(path) }
  }

  private static func makeDirectory(_ directory: String) throws(WarrenError) {
    var made = ""
    for part in directory.split(separator: "/") {
      made += "/\(part)"
      if mkdir(made, 0o755) != 0, errno != EEXIST { throw failure("create", made) }
    }
  }

  private static func makeRoom(at path: String, for address: NIOCore.SocketAddress) throws(WarrenError) {
    var status = stat()
    if lstat(path, &status) != 0 {
      if errno == ENOENT { return }
      throw failure("examine", path)
    }
    if status.st_mode & S_IFMT != S_IFSOCK {
      throw WarrenError(.failedPrecondition, "\(path) is not a socket; something else is at this path; remove it, or choose another with --socket")
    }
    let probe = try newSocket()
    defer { close(probe) }
    let answered = address.withSockAddr { pointer, size in connect(probe, pointer, socklen_t(size)) == 0 }
    // EAGAIN: somebody listens, but has more connections waiting than it takes.
    if answered || errno == EAGAIN {
      throw WarrenError(
        .failedPrecondition, "another warren daemon serves on \(path); two cannot share a socket; stop that one, or choose another path with --socket"
      )
    }
    if errno != ECONNREFUSED { throw failure("probe", path) }
    if unlink(path) != 0, errno != ENOENT { throw failure("remove", path) }
  }

  private static func listen(on address: NIOCore.SocketAddress, path: String, group: String) throws(WarrenError) -> CInt {
    let socket = try newSocket()
    let failed: WarrenError?
    if address.withSockAddr({ pointer, size in bind(socket, pointer, socklen_t(size)) }) != 0 {
      failed = failure("bind", path)
    } else if chmod(path, 0o660) != 0 {
      failed = failure("set the mode of", path)
    } else if let id = groupID(of: group), chown(path, uid_t.max, id) != 0 {
      failed = failure("give to group \(group)", path)
    } else if Glibc.listen(socket, 256) != 0 {
      // Only now can anybody connect: the permissions are in place.
      failed = failure("listen on", path)
    } else {
      failed = nil
    }
    guard let failed else { return socket }
    close(socket)
    throw failed
  }

  private static func newSocket() throws(WarrenError) -> CInt {
    let socket = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
    if socket < 0 { throw failure("make", "a socket") }
    return socket
  }

  private static func groupID(of name: String) -> gid_t? {
    var entry = group()
    var found: UnsafeMutablePointer<group>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65536) { buffer in
      getgrnam_r(name, &entry, buffer.baseAddress, buffer.count, &found) == 0 && found != nil ? entry.gr_gid : nil
    }
  }

  private static func failure(_ action: String, _ what: String) -> WarrenError {
    let code = errno
    let why = String(cString: strerror(code))
    return WarrenError(
      code == EACCES || code == EPERM ? .permissionDenied : .internalError,
      "cannot \(action) \(what); \(why); warren runs as root and needs a directory it can write to (see --socket)")
  }
}
