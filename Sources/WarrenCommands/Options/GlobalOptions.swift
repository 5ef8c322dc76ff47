import ArgumentParser

/// What every command that talks to a cluster takes.
struct GlobalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Unix socket of the daemon (default: /run/warren/warren.sock; also WARREN_SOCKET).", valueName: "path"), completion: .file())
  var socket: String?

  @Option(help: ArgumentHelp("API address of a daemon on this host, several separated by commas (also WARREN_MANAGER).", valueName: "host:port"))
  var manager: String?

  @Option(
    help: ArgumentHelp("Give up after this long, for example 30s or 5m (default: 10m when waiting for a service, else 1m).", valueName: "duration"),
    transform: DurationText.parse)
  var timeout: Duration?

  /// Sockets to try, best first.
  func sockets(environment: Environment = .process) throws -> [String] {
    if let socket { return [socket] }
    if let manager { return try DaemonSocket.find(manager) }
    if let socket = environment["WARREN_SOCKET"] { return [socket] }
    if let manager = environment["WARREN_MANAGER"] { return try DaemonSocket.find(manager) }
    return [DaemonSocket.defaultPath]
  }
}
