import ClusterModel
import ClusterSecurity
import RaftStorage

extension DataDirectory {
  /// Whose directory it is.
  enum Occupant {
    case nobody
    /// It has a log, or is about to get one: a manager, be it that runs containers or not.
    case manager(NodeID?)
    /// A node that is only a worker.
    case worker(NodeCredentials)
  }

  var security: SecurityDirectory { SecurityDirectory(dataDirectory: path) }

  /// - Throws: `dataLoss` and the like when what the node proves itself with is damaged.
  func occupant() throws -> Occupant {
    if LogDatabase.exists(dataDirectory: path) { return .manager(nil) }
    guard let keys = try security.keptSealingKeys(), let kept = try security.credentials(sealedWith: keys) else { return .nobody }
    return kept.identity.role == .worker ? .worker(kept) : .manager(kept.identity.node)
  }

  /// - Throws: `failedPrecondition` when the token is of another cluster than the node that lives here.
  func check(_ token: JoinSecret, isOfClusterOf kept: NodeCredentials) throws {
    if kept.trust.pins.contains(token.pin) { return }
    throw WarrenError(
      .failedPrecondition,
      "\(path) belongs to a node of cluster \(kept.identity.cluster), and the token is of another cluster; leave the token out to resume, "
        + "or use another directory with --data-dir")
  }

  /// - Throws: `failedPrecondition` when a worker lives here.
  func refuseWorker() throws {
    guard case .worker(let credentials) = try occupant() else { return }
    throw WarrenError(
      .failedPrecondition,
      "\(path) belongs to node \(credentials.identity.node), a worker of cluster \(credentials.identity.cluster); resume it with 'warren start', "
        + "or name another directory with --data-dir")
  }
}
