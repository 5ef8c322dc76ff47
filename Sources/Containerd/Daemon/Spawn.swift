import CLinux
package import ClusterModel
package import Glibc

/// POSIX_SPAWN_SETSID, which the Glibc module leaves out.
private let newSession: Int16 = 0x80

/// Starts a program with no signal ignored or blocked, and with no descriptor of this process but its standard input, output and error.
///
/// Whatever other threads open meanwhile stays here: the program itself closes all that it was not given.
///
/// - Parameters:
///   - arguments: the program's path and its arguments.
///   - environment: `NAME=value` each; nothing is inherited.
///   - inNewSession: whether it goes on when the session of this process is ended.
///   - streams: makes descriptors 0 to 2 of the program what they shall be.
/// - Returns: its process id. Someone has to wait for it.
/// - Throws: `.internalError` when there is no such program, or no room for a process.
package func spawn(
  _ arguments: [String], environment: [String], inNewSession: Bool = false, streams: (UnsafeMutablePointer<posix_spawn_file_actions_t>) -> Void
) throws(WarrenError) -> Int32 {
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var none = sigset_t()
  sigemptyset(&none)
  var all = sigset_t()
  sigfillset(&all)
  posix_spawnattr_setsigmask(&attributes, &none)
  posix_spawnattr_setsigdefault(&attributes, &all)
  posix_spawnattr_setflags(&attributes, (inNewSession ? newSession : 0) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  streams(&actions)
  clinux_spawn_close_from(&actions, 3)

  var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
  var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
  defer { for pointer in argv + envp { free(pointer) } }
  var pid: pid_t = 0
  let failure = posix_spawn(&pid, arguments[0], &actions, &attributes, &argv, &envp)
  guard failure == 0 else {
    throw WarrenError(.internalError, "could not start \(arguments[0]): \(String(cString: strerror(failure))); check that it is a program")
  }
  return pid
}
