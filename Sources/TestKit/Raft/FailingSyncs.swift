import Foundation

/// Makes `fdatasync` and `fsync` of a child process fail with EIO from some moment on. Needs the clang that comes with Swift.
package final class FailingSyncs: Sendable {
  private let directory = NSTemporaryDirectory() + "warren-syncs-" + UUID().uuidString
  private var trigger: String { directory + "/fail" }
  private var library: String { directory + "/syncs.so" }

  package struct NoCompiler: Error {}

  package init() throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Self.source.write(toFile: directory + "/syncs.c", atomically: true, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = ["clang", "-shared", "-fPIC", "-o", library, directory + "/syncs.c"]
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else { throw NoCompiler() }
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  /// Of the process whose syncs are to fail.
  package var environment: [String: String] { ["LD_PRELOAD": library, "SYNCS_FAIL_ONCE_EXISTS": trigger] }

  /// From now on.
  package func fail() { _ = FileManager.default.createFile(atPath: trigger, contents: nil) }

  private static let source = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <stdlib.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    static int fails(void) {
      if (access(getenv("SYNCS_FAIL_ONCE_EXISTS"), F_OK) != 0) return 0;
      errno = EIO;
      return 1;
    }
    int fdatasync(int fd) { return fails() ? -1 : (int)syscall(SYS_fdatasync, fd); }
    int fsync(int fd) { return fails() ? -1 : (int)syscall(SYS_fsync, fd); }
    """
}
