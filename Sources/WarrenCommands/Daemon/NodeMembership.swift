import ClusterModel
import ClusterSecurity
import Logging
import RaftStorage

/// What a data directory is: the member of one cluster under one node id. Holds the directory's lock.
struct NodeMembership: Sendable {
  let storage: LogDatabase
  let configuration: DaemonConfiguration
  /// Nil for a node that runs no containers.
  let bridge: BridgeClaim?
  /// What was done, for the log.
  let event: String
  /// Where a manager that resumes may ask where the others are.
  var hints: [String] = []
  /// Made just now, not resumed.
  var isNew: Bool { event != "node.resumed" }

  /// Resumes what the directory holds; of an empty one it makes what `purpose` says.
  /// - Throws: when a different node id is asked for than the directory has, when it is empty and must not be, when another process uses it.
  static func open(_ options: DaemonOptions, as purpose: Daemon.Purpose, logger: Logger) async throws -> NodeMembership {
    if case .join(_, .some) = purpose { try SupersededMark(DataDirectory(options.dataDir).path).setAside() }
    let exists = LogDatabase.exists(dataDirectory: options.dataDir)
    let directory = DataDirectory(options.dataDir)
    try directory.refuseWorker()
    // It has a manager's certificate, and gets its log now.
    let isPrepared = try !exists && directory.isPreparedManager()
    try check(directory, for: purpose, exists: exists, isPrepared: isPrepared)
    let hostname = DaemonConfiguration.hostname()
    let wanted = try options.nodeID.map { try DaemonConfiguration.nodeID($0) }
    let earlier = exists || isPrepared ? try directory.settings() : nil
    let settings = options.settings.completed(by: earlier ?? DaemonSettings())
    // Before anything is made: bad options must change nothing.
    let configured = { try DaemonConfiguration(nodeID: $0, dataDirectory: directory.path, settings: $1, hostname: hostname) }
    guard exists else {
      let nodeID = try wanted ?? directory.preparedNode() ?? DaemonConfiguration.nodeID(hostname)
      let configuration = try configured(nodeID, settings)
      try directory.checkVacant()
      let bridge = try claims(configuration)
      try await configuration.takeNetwork(after: earlier.flatMap { try? configured(nodeID, $0) }, logger: logger)
      try directory.prepare()
      // Before the log, so that a crash between the two cannot leave a node that forgot its options; after it again, because only then
      // the directory is ours alone.
      try directory.keep(settings)
      let storage = try await makeLog(configuration, purpose, logger)
      try directory.keep(settings)
      return NodeMembership(storage: storage, configuration: configuration, bridge: bridge, event: purpose.event)
    }
    try SupersededMark(directory.path).check()
    try directory.prepare()
    let storage = try LogDatabase.open(dataDirectory: directory.path, logger: logger)
    directory.security.hasJoined()
    let nodeID = storage.identity.nodeID
    if let wanted, wanted != nodeID {
      throw WarrenError(
        .failedPrecondition,
        "\(directory.path) belongs to node \(nodeID), not \(wanted); leave --node-id out, or use another directory with --data-dir")
    }
    if options.managerOnly, let earlier, earlier.managerOnly != true {
      throw WarrenError(
        .failedPrecondition,
        "node \(nodeID) in \(directory.path) runs containers, so it cannot become manager-only; leave --manager-only out, or use another directory with --data-dir"
      )
    }
    let configuration = try configured(nodeID, settings)
    let bridge = try claims(configuration)
    try await configuration.takeNetwork(after: earlier.flatMap { try? configured(nodeID, $0) }, logger: logger)
    try directory.keep(settings)
    var resumed = NodeMembership(storage: storage, configuration: configuration, bridge: bridge, event: "node.resumed")
    if case .join(let leaders, _) = purpose { resumed.hints = leaders }
    return resumed
  }

  private static func check(_ directory: DataDirectory, for purpose: Daemon.Purpose, exists: Bool, isPrepared: Bool) throws {
    switch purpose {
    case .initialise where isPrepared:
      throw WarrenError(.failedPrecondition, "\(directory.path) has begun to join a cluster; go on with 'warren start', or use another directory")
    case .resume where !exists && !isPrepared:
      throw WarrenError(
        .notFound, "\(directory.path) holds no node to resume; make a cluster with 'warren cluster init', or name the data directory with --data-dir")
    case .join(_, let token?):
      guard let keys = try directory.security.keptSealingKeys(), let kept = try? directory.security.credentials(sealedWith: keys) else { return }
      try directory.check(token, isOfClusterOf: kept)
    default: break
    }
  }

  /// Of a directory that has none: by itself for a cluster that begins, as its cluster says for one that joins or was promoted.
  private static func makeLog(_ configuration: DaemonConfiguration, _ purpose: Daemon.Purpose, _ logger: Logger) async throws -> LogDatabase {
    switch purpose {
    case .join(let leaders, let token):
      return try await ManagerJoining(configuration: configuration, leaders: leaders, token: token, logger: logger).run()
    case .resume: return try await ManagerJoining(configuration: configuration, leaders: [], token: nil, logger: logger).run()
    case .initialise:
      let identity = LogIdentity(clusterID: .random(), nodeID: configuration.nodeID)
      return try LogDatabase.create(dataDirectory: configuration.dataDirectory, identity: identity, logger: logger)
    }
  }

  /// What opens the keys in the store.
  /// - Throws: `failedPrecondition` when the file is gone.
  @Sendable func sealingKeys() throws -> SealingKeyring {
    let directory = SecurityDirectory(dataDirectory: configuration.dataDirectory)
    if let keys = try directory.keptSealingKeys() { return keys }
    throw WarrenError(.failedPrecondition, "\(directory.sealingKeysFile) is missing on node \(configuration.nodeID); put back a copy of it")
  }

  /// What only one daemon of a machine can have, asked for before anything is made.
  private static func claims(_ configuration: DaemonConfiguration) throws -> BridgeClaim? {
    guard !DaemonSocket.isServed(configuration.socket) else {
      throw WarrenError(
        .failedPrecondition,
        "another warren daemon serves on \(configuration.socket); two cannot share a socket; stop that one, or choose another path with --socket")
    }
    try configuration.checkListeners()
    return configuration.runsContainers ? try BridgeClaim(configuration.bridge) : nil
  }
}

extension Daemon.Purpose {
  fileprivate var event: String {
    switch self {
    case .initialise: "cluster.created"
    case .join: "cluster.joined"
    case .resume: "node.resumed"
    }
  }
}
