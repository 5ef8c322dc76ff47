import ClusterModel
import FoundationEssentials
import Glibc

/// The named pipes between Warren and one command in a container.
struct ExecFIFOs {
  let directory: String
  let hasErrorStream: Bool

  var stdin: String { directory + "/stdin" }
  var stdout: String { directory + "/stdout" }
  var stderr: String { hasErrorStream ? directory + "/stderr" : "" }

  /// Makes the pipes in a folder of their own.
  init(directory: String, hasErrorStream: Bool) throws {
    self.directory = directory
    self.hasErrorStream = hasErrorStream
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    for path in [stdin, stdout, stderr] where !path.isEmpty && mkfifo(path, 0o600) != 0 {
      throw Self.failure("make", path)
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: directory) }

  /// - Returns: a descriptor that never blocks; end of file only comes after the shim has opened and closed its end.
  func openForReading(_ path: String) throws -> Int32 {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("open", path) }
    return descriptor
  }

  /// Both ends, because a pipe that nobody reads yet counts as broken.
  func openForWriting() throws -> Int32 {
    let descriptor = open(stdin, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("open", stdin) }
    return descriptor
  }

  private static func failure(_ action: String, _ path: String) -> WarrenError {
    WarrenError(.internalError, "could not \(action) \(path): \(String(cString: strerror(errno))); check that the folder is writable and not full")
  }
}
