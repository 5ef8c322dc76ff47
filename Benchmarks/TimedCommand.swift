import ClusterModel
import Glibc

/// A program that is started, waited for, and timed; beside it a port of this machine is asked until it answers. One loop does both, so that
/// whoever is measured is measured alike and no other program is started meanwhile.
enum TimedCommand {
  /// From the start of the program, in microseconds.
  struct Times {
    var returned: Int
    /// When the first HTTP answer was there; nil when no port was asked.
    var answered: Int?
  }

  /// Between two looks.
  private static let pause: UInt32 = 300
  private static let patience = Duration.seconds(60)

  /// - Parameter program: a name on PATH, or a path. Its output goes nowhere.
  /// - Throws: `WarrenError` when it fails, or when it or the port takes a minute.
  static func run(_ program: String, _ arguments: [String], port: UInt16?) throws -> Times {
    let clock = ContinuousClock()
    let start = clock.now
    let elapsed = { Int((clock.now - start).nanoseconds / 1000) }
    let process = try spawn(program, arguments)
    var (returned, answered): (Int?, Int?) = (nil, nil)
    while returned == nil || (port != nil && answered == nil) {
      if returned == nil {
        var status: Int32 = 0
        if waitpid(process, &status, WNOHANG) == process {
          guard status == 0 else { throw WarrenError(.internalError, "'\(program) \(arguments.joined(separator: " "))' failed (status \(status)).") }
          returned = elapsed()
        }
      }
      if let port, answered == nil, answers(port) { answered = elapsed() }
      guard clock.now - start < patience else {
        kill(process, SIGKILL)
        throw WarrenError(.deadlineExceeded, "'\(program) \(arguments.joined(separator: " "))' took longer than a minute.")
      }
      if returned == nil || (port != nil && answered == nil) { usleep(pause) }
    }
    return Times(returned: returned ?? 0, answered: answered)
  }

  private static func spawn(_ program: String, _ arguments: [String]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in Int32(0)...2 { posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0) }
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let failure = posix_spawnp(&process, program, &actions, nil, &words, environ)
    guard failure == 0 else { throw WarrenError(.failedPrecondition, "Cannot start '\(program)': \(String(cString: strerror(failure))).") }
    return process
  }

  /// Whether a server on the loopback answers a request with 200.
  private static func answers(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // Holds for connecting as well.
    var limit = timeval(tv_sec: 1, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] { setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size)) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
    let request = Array("GET / HTTP/1.0\r\n\r\n".utf8)
    guard connected, send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return false }
    var answer = [UInt8](repeating: 0, count: 64)
    let count = recv(descriptor, &answer, answer.count, 0)
    return count > 12 && answer[8..<13].elementsEqual(" 200 ".utf8)
  }
}
