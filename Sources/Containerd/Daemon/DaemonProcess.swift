import CLinux
import ClusterModel
import FoundationEssentials
import Glibc

/// A process that does not end with this one: started in a session of its own, or found running.
struct DaemonProcess: Sendable {
  let pid: Int32
  private let isChild: Bool

  /// POSIX_SPAWN_SETSID, which the Glibc module leaves out.
  private static let newSession: Int16 = 0x80

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
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Self.newSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o640)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    clinux_spawn_close_from(&actions, 3)

    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let failure = posix_spawn(&pid, arguments[0], &actions, &attributes, &argv, &envp)
    guard failure == 0 else {
      throw WarrenError(.internalError, "could not start \(arguments[0]): \(String(cString: strerror(failure))); check that it is a program")
    }
    self.pid = pid
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
