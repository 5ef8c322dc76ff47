import ClusterModel
import ClusterSecurity
import FoundationEssentials
import Glibc
import Logging

/// What comes after a daemon that ended because its node is something else now.
enum Succession {
  /// Returns when nothing does; for another role does not return: the same process goes on as that, and containers do not notice.
  static func run(after verdict: RoleWatch.Verdict, of identity: NodeIdentity, _ options: NodeOptions) throws {
    let directory = DataDirectory(options.dataDir)
    switch verdict {
    case .asBefore: return
    case .removed:
      try directory.depart()
      Terminal.write(message(removed: identity, directory))
    case .becomes(let role):
      try directory.finishTransition(isOurs: true)
      Terminal.write("✓ Node \(identity.node) is a \(role.rawValue) from now on; its containers run on\n")
      throw again(options, directory)
    }
  }

  static func message(removed identity: NodeIdentity, _ directory: DataDirectory) -> String {
    """
    ✓ Node \(identity.node) was removed from cluster \(identity.cluster); its containers were stopped and its keys are gone from \(directory.path)
      To have this machine back, join it anew with a token of 'warren cluster join-token'

    """
  }

  /// Becomes `warren start` on the same directory, in the same process, so that whoever watches over it sees nothing end.
  /// - Returns: only what went wrong.
  private static func again(_ options: NodeOptions, _ directory: DataDirectory) -> WarrenError {
    var arguments = [CommandLine.arguments.first ?? "warren", "start", "--data-dir", directory.path, "--log-format", options.logFormat.rawValue]
    if let level = options.logLevel { arguments += ["--log-level", level.rawValue] }
    // Of a program that was replaced on disk meanwhile only this name is left.
    let link = "/proc/self/exe"
    let program = DaemonSocket.target(of: link).flatMap { access($0, X_OK) == 0 ? $0 : nil } ?? link
    closeFilesOnStart()
    // What a daemon ignores or blocks would stay ignored and blocked.
    for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_DFL) }
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    execv(program, pointers)
    return WarrenError(
      .internalError, "cannot start \(program) again; \(String(cString: strerror(errno))); start it: warren start --data-dir \(directory.path)")
  }

  /// Sockets, logs and locks are this daemon's; the next one opens its own.
  private static func closeFilesOnStart() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      guard let descriptor = Int32(name), descriptor > 2 else { continue }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
  }
}
