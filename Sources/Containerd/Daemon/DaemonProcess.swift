import ClusterModel
import FoundationEssentials
import Glibc

/// A process that does not end with this one: started in a session of its own, or found running.
struct DaemonProcess: Sendable {
  let pid: Int32
  private let isChild: Bool

  /// Takes over a running process.
  ///
  /// - Returns: nil when it is gone, or its number now belongs to another program.
  init?(running pid: Int32, commandContains text: String) {
    guard pid > 1, let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"),
      String(decoding: command, as: UTF8.self).contains(text)
    else { return nil }
    self.pid = pid
    isChild = false
  }

  /// Starts a program with nothing of ours but the environment given.
  ///
  /// - Parameter output: the file its stdout and stderr are appended to.
  init(launching arguments: [String], output: String, environment: [String]) throws(WarrenError) {
    pid = try spawn(arguments, environment: environment, inNewSession: true) { streams in
      posix_spawn_file_actions_addopen(streams, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_addopen(streams, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o640)
      posix_spawn_file_actions_adddup2(streams, 1, 2)
    }
    isChild = true
  }

  /// Also collects the exit status of a child, which would otherwise stay as a zombie.
  var isRunning: Bool {
    var status: Int32 = 0
    return isChild ? waitpid(pid, &status, WNOHANG) == 0 : kill(pid, 0) == 0
  }

  /// SIGTERM, and SIGKILL when that was not enough.
  func stop(within limit: Duration) async {
    kill(pid, SIGTERM)
    let end = ContinuousClock.now + limit
    while isRunning {
      if ContinuousClock.now > end { kill(pid, SIGKILL) }
      try? await Task.sleep(for: .milliseconds(50))
    }
  }
}
