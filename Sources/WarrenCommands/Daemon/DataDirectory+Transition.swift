import ClusterModel
import ClusterSecurity
import FoundationEssentials
import Logging
import Manager
import RaftStorage
import WarrenAPI

/// What a directory becomes when its node is promoted, demoted or removed. Each step leaves what the next start goes on with.
extension DataDirectory {
  private var departure: PrivateFile { PrivateFile("\(path)/departed") }

  /// Of a worker that was promoted: everything a manager has but its log and its certificate, which comes next and decides.
  /// - Parameter told: by another manager.
  func prepareForManager(_ node: NodeID, as told: CertificateCalls.Renewed, keys: SealingKeyring) throws {
    let managers = told.managers
    guard managers.contains(where: { $0.node == node && $0.memberID != 0 }) else {
      throw WarrenError(.failedPrecondition, "the manager that answered is of a version that promotes no workers; upgrade it")
    }
    try PeerBook.write(managers.map(PeerBook.Entry.init), dataDirectory: path)
    try markRoleChange { settings in
      settings.nodeDownSeconds = settings.nodeDownSeconds ?? told.nodeDown.map { $0 / .seconds(1) }
      settings.raftProfile = settings.raftProfile ?? told.raftProfile
    }
    _ = try security.joiningKey()
    try security.keep(keys.adopting(try security.sealingKeys()))
  }

  /// Of a manager that was demoted and promoted again before it noticed, or while it was off: the member that runs here was given up, its log
  /// is of no use. Nothing is done for the member that the others know.
  /// - Parameter told: by another manager.
  /// - Throws: `memberReplaced` when everything is ready for the next member to begin.
  func prepareForSuccessor(of identity: LogIdentity, as told: CertificateCalls.Renewed) throws {
    // Numbers only grow: a lower one is of a manager that is behind.
    guard let keys = told.sealingKeys, let own = told.managers.first(where: { $0.node == identity.nodeID }), own.memberID > identity.memberID
    else { return }
    try prepareForManager(identity.nodeID, as: told, keys: keys)
    try security.keep(told.credentials, sealedWith: keys)
    throw WarrenError(
      .failedPrecondition,
      "node \(identity.nodeID) is member \(own.memberID) of the cluster by now, not \(identity.memberID); it begins anew as that",
      reason: .memberReplaced)
  }

  /// Everything that made this machine a node goes, so that it can join again as a new one.
  func depart() throws {
    try departure.write([])
    try finishTransition(isOurs: true)
  }

  /// Ends what a demotion, a removal or a member's replacement has begun. Does nothing otherwise.
  /// - Parameter isOurs: this process is the one that uses the directory.
  /// - Throws: `failedPrecondition` when another process uses it.
  func finishTransition(isOurs: Bool = false) throws {
    let hasDeparted = try departure.read() != nil
    let demoted = hasDeparted ? nil : try demotedCredentials()
    let isReplaced = try LogDatabase.exists(dataDirectory: path) && security.isJoining()
    guard hasDeparted || demoted != nil || isReplaced else { return }
    let locks = isOurs ? [] : try ["raft.lock", "worker.lock"].map { try DirectoryLock(path: "\(path)/\($0)", dataDirectory: path) }
    defer { for lock in locks { lock.release() } }
    if let demoted {
      try becomeWorker(demoted)
    } else if isReplaced, !hasDeparted {
      // Also one that was made a moment before a crash, and was never used.
      try remove(Self.isLog)
    } else {
      try remove {
        ["managers.json", "settings.json", "security", SupersededMark.name].contains($0) || $0.hasPrefix("worker.sqlite") || Self.isLog($0)
      }
      departure.remove()
    }
  }

  /// A worker's, where there is a manager's log yet.
  func demotedCredentials() throws -> NodeCredentials? {
    guard LogDatabase.exists(dataDirectory: path), let keys = try security.keptSealingKeys(),
      let kept = try? security.credentials(sealedWith: keys), kept.identity.role == .worker
    else { return nil }
    return kept
  }

  /// A worker knows other managers, and none of the cluster's keys.
  private func becomeWorker(_ credentials: NodeCredentials) throws {
    let book = try? PeerBook(dataDirectory: path, logger: Logger(label: "warren") { _ in SwiftLogNoOpLogHandler() })
    let others = (book?.entries ?? []).filter { $0.nodeID != credentials.identity.node && !$0.apiAddress.isEmpty }.map(\.apiAddress)
    try markRoleChange { if !others.isEmpty { $0.managers = others } }
    let keys = try security.sealingKeys().rotated()
    try security.keep(keys)
    try security.keep(credentials, sealedWith: keys)
    try security.keep(keys.withoutOldKeys())
    try remove { Self.isLog($0) || $0 == "managers.json" }
  }

  /// Damaged ones that were kept aside among them; but not its lock, which somebody may hold.
  private static func isLog(_ name: String) -> Bool { name == "raft" || name.hasPrefix("raft.") && name != "raft.lock" }

  private func markRoleChange(_ change: (inout DaemonSettings) -> Void) throws {
    var settings = try settings() ?? DaemonSettings()
    settings.changedRole = true
    change(&settings)
    try keep(settings)
  }

  private func remove(_ isGone: (String) -> Bool) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: path).filter(isGone).sorted() {
      try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
  }
}

/// Which kind of node lives here after all.
extension DataDirectory {
  /// It was made as a manager and is a worker now.
  func wasDemoted() throws -> Bool {
    try finishTransition()
    guard case .worker = try occupant() else { return false }
    return try settings()?.changedRole == true
  }

  /// It was made as a worker and is a manager now.
  func wasPromoted() throws -> Bool {
    try finishTransition()
    guard case .manager = try occupant() else { return false }
    return try settings()?.changedRole == true
  }

  /// Whether this is a manager that never had a log.
  /// - Throws: `dataLoss` for one that had.
  func isPreparedManager() throws -> Bool {
    guard let node = try preparedNode() else { return false }
    if try security.isJoining() { return true }
    throw WarrenError(
      .dataLoss,
      "the log of manager \(node) is gone from \(path): without it this member may have voted and does not know for whom, so it must not come back "
        + "under its number; let it join anew as another member: warren manager rejoin --data-dir \(path)")
  }

  /// The manager whose certificate is here while there is no log; nil when there is none.
  func preparedNode() throws -> NodeID? {
    guard case .manager(let node?) = try occupant() else { return nil }
    return node
  }
}
