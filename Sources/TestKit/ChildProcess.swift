package import ClusterModel
import Containerd
import Glibc
import Synchronization

/// A program that a test starts, which ends with the test.
///
/// Foundation's `Process` lets a program inherit what another thread opens at the same time. A daemon that one test leaves running then
/// holds the pipes of another, which waits for their end as long as the daemon runs.
package final class ChildProcess: Sendable {
  /// How it ended.
  package enum Exit: Equatable, Sendable {
    case code(Int32)
    case signal(Int32)

    /// The code, or the number of the signal.
    package var status: Int32 {
      switch self {
      case .code(let number), .signal(let number): number
      }
    }
  }

  package let pid: Int32
  package let output: ReadEnd
  package let errors: ReadEnd
  private let ended = Mutex<Exit?>(nil)

  /// - Parameters:
  ///   - program: its path.
  ///   - environment: nothing is inherited.
  /// - Throws: `.internalError` when it cannot be started.
  package init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws(WarrenError) {
    let output = try Pipe()
    let errors = try Pipe()
    pid = try spawn([program] + arguments, environment: environment.map { "\($0)=\($1)" }) { streams in
      posix_spawn_file_actions_addopen(streams, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_adddup2(streams, output.writeEnd, 1)
      posix_spawn_file_actions_adddup2(streams, errors.writeEnd, 2)
    }
    (self.output, self.errors) = (output.readEnd, errors.readEnd)
  }

  deinit {
    if isRunning {
      send(SIGKILL)
      _ = wait()
    }
  }

  package var isRunning: Bool { collected() == nil }

  /// Nothing when it has ended.
  package func send(_ signal: Int32) {
    ended.withLock { if $0 == nil { kill(pid, signal) } }
  }

  /// Blocks until it has ended. It is not to be called while it would block on a pipe that nobody reads.
  package func wait() -> Exit {
    while true {
      if let exit = collected() { return exit }
      // Only collected under the lock, so that the number is not another's when a signal is sent.
      var information = siginfo_t()
      waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT)
    }
  }

  /// Nil while it runs.
  private func collected() -> Exit? {
    ended.withLock { ended in
      if let ended { return ended }
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = status & 0x7f
      ended = signal == 0 ? .code(status >> 8 & 0xff) : .signal(signal)
      return ended
    }
  }

  /// The test's end of a stream.
  package final class ReadEnd: Sendable {
    package let descriptor: Int32
    private let isOpen = Mutex(true)

    fileprivate init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    package func close() {
      isOpen.withLock { isOpen in
        if isOpen { Glibc.close(descriptor) }
        isOpen = false
      }
    }

    /// Blocks until there is something. Empty at the end.
    package func read() -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 65536)
      while true {
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        if count < 0 && errno == EINTR { continue }
        return Array(bytes.prefix(max(0, count)))
      }
    }

    /// Blocks until the end.
    package func readToEnd() -> String {
      var all: [UInt8] = []
      while case let bytes = read(), !bytes.isEmpty { all += bytes }
      return String(decoding: all, as: UTF8.self)
    }
  }

  private struct Pipe: ~Copyable {
    let readEnd: ReadEnd
    let writeEnd: Int32

    init() throws(WarrenError) {
      var ends: [Int32] = [0, 0]
      guard pipe(&ends) == 0 else {
        throw WarrenError(.internalError, "could not make a pipe: \(String(cString: strerror(errno)))")
      }
      (readEnd, writeEnd) = (ReadEnd(ends[0]), ends[1])
    }

    deinit { Glibc.close(writeEnd) }
  }
}
