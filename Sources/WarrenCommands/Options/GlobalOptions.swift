import ArgumentParser

/// What every command that talks to a cluster takes.
struct GlobalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Unix socket of the daemon (default: /run/warren/warren.sock; also WARREN_SOCKET).", valueName: "path"), completion: .file())
  var socket: String?

  @Option(
    help: ArgumentHelp(
      "API address of a manager, several separated by commas; one on this host is reached by its socket (also WARREN_MANAGER).",
      valueName: "host:port"))
  var manager: String?

  @Option(help: ArgumentHelp("Imported context to reach the cluster with, or default for this host (also WARREN_CONTEXT).", valueName: "name"))
  var context: String?

  @Flag(help: "Show what the asked manager knows, however old: for when there is no quorum. Changes need one all the same.") var stale = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Give up after this long, for example 30s or 5m (default: 10m when waiting for a service, else 1m).", valueName: "duration"),
    transform: DurationText.parse)
  var timeout: Duration?

  func validate() throws {
    if socket?.isEmpty == true { throw ValidationError("--socket names no path; leave it out for \(DaemonSocket.defaultPath)") }
    if socket != nil, manager != nil { throw ValidationError("--socket and --manager both say which daemon is meant; leave one of the two out") }
    if socket != nil, context != nil { throw ValidationError("--socket and --context both say which cluster is meant; leave one of the two out") }
    if let timeout, timeout <= .zero { throw ValidationError("--timeout must be more than 0; leave it out for the default") }
  }
}
