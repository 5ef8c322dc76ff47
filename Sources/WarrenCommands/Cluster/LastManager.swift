import ClusterModel
import Manager
import NIOCore
import NIOPosix
import RaftStorage

/// The one manager that is left of several, or the best of those: it goes on alone, with what its log holds.
struct LastManager {
  let directory: DataDirectory
  let recovery: LogRecovery
  let content: LogRecovery.Content
  /// The new ones.
  let addresses: DaemonSettings

  /// - Parameter command: which does it, for those who have not confirmed it.
  func recover(confirmed: Bool, forced: Bool, command: String) async throws {
    let identity = content.report.identity
    let settings = addresses.completed(by: try directory.settings() ?? DaemonSettings())
    let configuration = try DaemonConfiguration(
      nodeID: identity.nodeID, dataDirectory: directory.path, settings: settings, hostname: DaemonConfiguration.hostname())
    let refounding = Refounding(manager: identity.nodeID, runsContainers: configuration.runsContainers, now: .now)
    let before = try StoredState.view(snapshot: content.snapshot, entries: content.entries)
    guard before.cluster?.id == identity.clusterID else {
      throw WarrenError(
        .failedPrecondition, "this manager never got the cluster's state; recover on another one, or restore a backup: warren cluster restore FILE")
    }
    let others = refounding.givenUp(in: before)
    Terminal.write(Self.text(others, term: content.term))
    guard confirmed else {
      return Terminal.line("Nothing was changed. If those managers are lost for ever, and this one knows most: \(command)")
    }
    if !forced { try await Self.refuseReachable(others) }
    try directory.keep(settings)
    let aside = try recovery.refound { content in
      let view = try StoredState.view(snapshot: content.snapshot, entries: content.entries)
      let number = refounding.founder(of: view)
      let state = try StoredState.snapshot(of: try refounding(view))
      return LogBeginning(
        identity: LogIdentity(clusterID: identity.clusterID, nodeID: identity.nodeID, memberID: number), state: state,
        index: try refounding(view).index, term: max(content.term, 1))
    }
    let own = PeerBook.Entry(
      node: identity.nodeID, member: refounding.founder(of: before), raftAddress: configuration.raftAddress.description,
      apiAddress: configuration.apiAddress.description)
    try PeerBook.write([own], dataDirectory: directory.path)
    Terminal.write(
      """
      ✓ Recovered: \(identity.nodeID) is the only manager of cluster \(identity.clusterID)
        The old log is in \(aside)
        Start it with: warren start --data-dir \(directory.path)
        Then get others: warren cluster join-token manager

      """)
  }

  private static func text(_ others: [ClusterNode], term: UInt64) -> String {
    let names = others.map { "\($0.id) (\($0.raftAddress))" }.joined(separator: ", ")
    return """
      Term: \(term)
      Managers to be given up: \(names.isEmpty ? "none" : names)
      What they committed without this one is lost, and containers on their machines are replaced elsewhere.

      """
  }

  /// Who can be reached may still have a quorum with this one, or with others.
  private static func refuseReachable(_ others: [ClusterNode]) async throws {
    let reachable = await withTaskGroup(of: ClusterNode?.self) { group in
      for other in others { group.addTask { await answers(other.raftAddress) ? other : nil } }
      var found: [ClusterNode] = []
      for await node in group { if let node { found.append(node) } }
      return found.sorted { $0.id < $1.id }
    }
    guard let first = reachable.first else { return }
    let names = reachable.map { "\($0.id) (\($0.raftAddress))" }.joined(separator: ", ")
    throw WarrenError(
      .failedPrecondition,
      "managers that would be given up answer: \(names); nothing was changed; start this one, and they may have a quorum; or, if \(first.id) is to go, "
        + "stop warren there first, for ever")
  }

  private static func answers(_ address: String) async -> Bool {
    guard let place = HostPort(address) else { return false }
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.seconds(2))
    guard let channel = try? await bootstrap.connect(host: place.host, port: place.port).get() else { return false }
    try? await channel.close().get()
    return true
  }
}
