import ClusterModel
import ClusterSecurity

/// Which cluster a command is for, and how it is reached.
enum ClusterTarget: Sendable {
  /// Unix sockets of daemons on this machine, best first.
  case sockets([String])
  /// Managers elsewhere, with the certificate that is shown to them.
  case managers([String], NodeCredentials)
}

extension GlobalOptions {
  /// What was given with the command counts before what the environment says, and that before the context in use.
  func target(environment: Environment = .process) async throws -> ClusterTarget {
    if let socket { return .sockets([socket]) }
    let named = context ?? environment["WARREN_CONTEXT"]
    if let manager { return try await target(at: manager, named, environment) }
    if let context { return try await target(of: context, environment) }
    if let socket = environment["WARREN_SOCKET"] { return .sockets([socket]) }
    if let manager = environment["WARREN_MANAGER"] { return try await target(at: manager, named, environment) }
    if let chosen = named ?? (try? ContextDirectory(environment))?.current { return try await target(of: chosen, environment) }
    return .sockets([DaemonSocket.defaultPath])
  }

  private func target(of context: String, _ environment: Environment) async throws -> ClusterTarget {
    if context == ContextDirectory.none { return .sockets([DaemonSocket.defaultPath]) }
    let known = try await ContextDirectory(environment).context(context)
    return .managers(known.addresses, known.credentials)
  }

  /// A daemon on this machine is reached by its socket; others with the certificate of a context.
  private func target(at addresses: String, _ named: String?, _ environment: Environment) async throws -> ClusterTarget {
    let directory = try? ContextDirectory(environment)
    if named == nil, let sockets = try? DaemonSocket.find(addresses) { return .sockets(sockets) }
    guard let directory, let name = named ?? directory.current, name != ContextDirectory.none else {
      // It says which daemons there are.
      do { return .sockets(try DaemonSocket.find(addresses)) } catch let error as WarrenError {
        throw WarrenError(error.code, "\(error.message); or name a context for managers elsewhere with --context")
      }
    }
    let list = addresses.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return .managers(list, try await directory.context(name).credentials)
  }
}
