import ClusterModel
import ClusterSecurity
import Logging
import Manager
import Raft
import RaftStorage
import WarrenAPI

/// How a machine becomes a manager of a cluster that there is: it gets its certificate, the cluster's sealing keys and a number among the
/// members of Raft, and begins with an empty log. The others bring that up to date before it counts.
///
/// After a crash in the middle the same command goes on where it was.
struct ManagerJoining {
  let configuration: DaemonConfiguration
  let leaders: [String]
  let token: JoinSecret?
  let logger: Logger

  private var directory: SecurityDirectory { SecurityDirectory(dataDirectory: configuration.dataDirectory) }

  /// - Throws: why no manager takes it in.
  func run() async throws -> LogDatabase {
    let credentials: NodeCredentials
    if let kept = try keptCredentials() { credentials = kept } else { credentials = try await exchange() }
    let book = try PeerBook(dataDirectory: configuration.dataDirectory, logger: logger)
    guard let member = book.member(of: configuration.nodeID) else {
      throw WarrenError(
        .dataLoss,
        "\(configuration.dataDirectory) does not say which member of the cluster this is; empty it, remove the node on another manager "
          + "(warren node remove \(configuration.nodeID)), and join again")
    }
    let identity = LogIdentity(clusterID: credentials.identity.cluster, nodeID: configuration.nodeID, memberID: member.rawValue)
    let log = try LogDatabase.create(dataDirectory: configuration.dataDirectory, identity: identity, founders: [], logger: logger)
    directory.hasJoined()
    return log
  }

  /// What an earlier run got as far as.
  private func keptCredentials() throws -> NodeCredentials? {
    guard let keys = try directory.keptSealingKeys(), let kept = try directory.credentials(sealedWith: keys) else { return nil }
    guard kept.identity.node == configuration.nodeID, kept.identity.role == .manager else {
      throw WarrenError(
        .failedPrecondition,
        "\(configuration.dataDirectory) has the keys of \(kept.identity); join under that name, or name another directory with --data-dir")
    }
    return kept
  }

  private func exchange() async throws -> NodeCredentials {
    guard !leaders.isEmpty, let token else {
      throw WarrenError(
        .invalidArgument,
        "\(configuration.dataDirectory) holds no manager to resume, and to join a cluster \(leaders.isEmpty ? "--leader HOST:PORT and " : "")--token, "
          + "--token-file or WARREN_TOKEN is missing; get a token on a manager with 'warren cluster join-token manager'")
    }
    let join = try ClusterJoin(
      leaders, token: token.text, node: try configuration.node(), version: WarrenVersion.current, key: try directory.joiningKey(), now: { .now })
    let member = try await join.run()
    guard let keys = member.sealingKeys, member.managers.contains(where: { $0.node == configuration.nodeID && $0.memberID != 0 }) else {
      throw WarrenError(.failedPrecondition, "\(member.through) is of a version that takes in no managers; upgrade it, then join again")
    }
    // The identity is the last of the three: with it a next run takes what is kept.
    try PeerBook.write(member.managers.map(PeerBook.Entry.init), dataDirectory: configuration.dataDirectory)
    try directory.keep(keys)
    try directory.keep(member.credentials, sealedWith: keys)
    logger.info("cluster.accepted", metadata: ["cluster": "\(member.cluster)", "through": "\(member.through)"])
    return member.credentials
  }
}

extension PeerBook.Entry {
  init(_ manager: ClusterJoin.Manager) {
    self.init(node: manager.node, member: manager.memberID, raftAddress: manager.raftAddress, apiAddress: manager.apiAddress)
  }
}
