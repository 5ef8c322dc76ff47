import CLinux
import Glibc
import Synchronization
import WarrenAPI

/// A connection that is made while the arguments are being read, which takes about as long.
///
/// Where it goes to is guessed. A command that wants another one makes its own, and this one ends with the process, as does the one that is taken.
final class EarlyConnection: Sendable {
  /// For the command that runs.
  @TaskLocal static var current: EarlyConnection?

  /// Commands that ask a manager, all but for their help.
  private static let asking: Set<String> = ["apply", "events", "image", "node", "service", "task"]

  private let socketPath: String
  private let mayBeStale: Bool
  private let begun: Mutex<Task<LocalConnection, any Error>?>

  /// Nil for a command that seems to go elsewhere or nowhere.
  /// - Parameter arguments: without the program.
  init?(_ arguments: [String], environment: Environment = .process) {
    guard let command = arguments.first, Self.asking.contains(command), let path = Self.socket(arguments, environment), access(path, F_OK) == 0
    else { return nil }
    socketPath = path
    let mayBeStale = arguments.contains("--stale")
    self.mayBeStale = mayBeStale
    begun = Mutex(
      Task {
        clinux_map_zeroed_data()
        return try LocalConnection(to: path, mayBeStale: mayBeStale)
      })
  }

  /// What `GlobalOptions.target` will most likely say.
  static func socket(_ arguments: [String], _ environment: Environment) -> String? {
    let options = arguments.prefix { $0 != "--" }
    let others = ["--manager", "--context", "--help", "-h"]
    guard !options.contains(where: { option in others.contains { option == $0 || option.hasPrefix("\($0)=") } }) else { return nil }
    if let index = options.lastIndex(of: "--socket") { return options.dropFirst(index + 1).first }
    if let joined = options.last(where: { $0.hasPrefix("--socket=") }) { return String(joined.dropFirst("--socket=".count)) }
    if let socket = environment["WARREN_SOCKET"] { return socket }
    guard environment["WARREN_MANAGER"] == nil, environment["WARREN_CONTEXT"] == nil, (try? ContextDirectory(environment))?.current == nil else {
      return nil
    }
    return DaemonSocket.defaultPath
  }

  /// Nil when it leads elsewhere, or was taken already.
  /// - Throws: when there can be no connection to such a path.
  func take(to path: String, mayBeStale: Bool) async throws -> LocalConnection? {
    guard path == socketPath, mayBeStale == self.mayBeStale else { return nil }
    return try await begun.withLock { $0.take() }?.value
  }
}
