import ClusterModel
import ClusterSecurity
import Crypto
import Logging
import RaftStorage

/// What the data directory of a node that is only a worker is: the member of one cluster under one node id. Holds the directory's lock.
struct WorkerMembership: Sendable {
  /// Brings back what one of the managers gives a new node for a token.
  typealias Join = @Sendable (ClusterNode, _ managers: [String], JoinSecret, P256.Signing.PrivateKey) async throws -> NodeCredentials

  let configuration: DaemonConfiguration
  let credentials: NodeCredentials
  /// Those that people named.
  let managers: [String]
  let bridge: BridgeClaim
  /// Joined just now, not resumed.
  let isNew: Bool
  private let lock: DirectoryLock

  /// Resumes what the directory holds, for which neither managers nor a token are needed; or joins a cluster with an empty one.
  /// - Throws: when the directory is of something else, when another node id or another cluster is asked for than it has, when another
  ///   process uses it, and what `join` throws.
  static func open(_ options: NodeOptions, managers: [String], token: JoinSecret?, logger: Logger, join: Join) async throws -> WorkerMembership {
    let directory = DataDirectory(options.dataDir)
    try directory.finishTransition()
    let kept = try kept(in: directory)
    let wanted = try options.nodeID.map { try DaemonConfiguration.nodeID($0) }
    if let kept { try check(kept, in: directory, wanted: wanted, token: token) }
    let hostname = DaemonConfiguration.hostname()
    let nodeID = try kept?.identity.node ?? wanted ?? DaemonConfiguration.nodeID(hostname)
    // What an attempt to join was told that failed does not count for the next.
    let earlier = kept == nil ? DaemonSettings() : try directory.settings() ?? DaemonSettings()
    var settings = options.settings.completed(by: earlier)
    if !managers.isEmpty { settings.managers = managers }
    let configured = { try DaemonConfiguration(nodeID: nodeID, dataDirectory: directory.path, settings: $0, hostname: hostname, isManager: false) }
    let configuration = try configured(settings)
    if kept == nil {
      guard !managers.isEmpty, token != nil else { throw nothingToResume(directory, managers: managers) }
      try directory.checkVacant()
    }
    try configuration.checkListeners()
    let bridge = try BridgeClaim(configuration.bridge)
    try await configuration.takeNetwork(after: kept == nil ? nil : try? configured(earlier), logger: logger)
    try directory.prepare()
    let lock = try DirectoryLock(path: "\(directory.path)/worker.lock", dataDirectory: directory.path)
    // Before the exchange, so that a crash between the two cannot leave a node that forgot its options.
    try directory.keep(settings)
    let credentials: NodeCredentials
    if let kept {
      credentials = kept
    } else {
      credentials = try await Self.join(configuration, managers: managers, token: token, directory, join)
    }
    return WorkerMembership(
      configuration: configuration, credentials: credentials, managers: settings.managers ?? [], bridge: bridge, isNew: kept == nil, lock: lock)
  }

  private static func kept(in directory: DataDirectory) throws -> NodeCredentials? {
    switch try directory.occupant() {
    case .nobody: return nil
    case .worker(let credentials): return credentials
    case .manager:
      throw WarrenError(
        .failedPrecondition,
        "\(directory.path) belongs to a manager, which cannot be made a worker; resume it with 'warren start', or name another directory with --data-dir"
      )
    }
  }

  private static func check(_ kept: NodeCredentials, in directory: DataDirectory, wanted: NodeID?, token: JoinSecret?) throws {
    let identity = kept.identity
    if let wanted, wanted != identity.node {
      throw WarrenError(
        .failedPrecondition,
        "\(directory.path) belongs to node \(identity.node), not \(wanted); leave --node-id out, or use another directory with --data-dir")
    }
    if let token { try directory.check(token, isOfClusterOf: kept) }
  }

  private static func nothingToResume(_ directory: DataDirectory, managers: [String]) -> WarrenError {
    let missing = managers.isEmpty ? "--manager HOST:PORT and --token" : "--token, --token-file or WARREN_TOKEN"
    return WarrenError(
      .invalidArgument,
      "\(directory.path) holds no worker to resume, and to join a cluster \(missing) is missing; get a token on a manager with "
        + "'warren cluster join-token worker'")
  }

  private static func join(
    _ configuration: DaemonConfiguration, managers: [String], token: JoinSecret?, _ directory: DataDirectory, _ join: Join
  ) async throws -> NodeCredentials {
    guard let token else { throw nothingToResume(directory, managers: managers) }
    // This node's own keys, which no other has: a worker is given none of the cluster's.
    let keys = try directory.security.sealingKeys()
    let made = try await join(try configuration.node(), managers, token, try directory.security.joiningKey())
    guard made.identity.node == configuration.nodeID, made.identity.role == .worker else {
      throw WarrenError(.internalError, "the cluster took this machine in as \(made.identity), not as worker \(configuration.nodeID); join again")
    }
    try directory.security.keep(made, sealedWith: keys)
    directory.security.hasJoined()
    return made
  }
}
