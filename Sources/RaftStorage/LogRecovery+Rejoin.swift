import ClusterModel
import Raft

extension LogRecovery {
  /// For one of several managers: keeps its log aside, whatever is wrong with it, and begins an empty one as a new member of the same cluster on
  /// the same node. The new member knows nobody: it neither votes nor campaigns before the others have made it a learner, brought it up to
  /// date and made it a voter. They remove the old member.
  ///
  /// Under its old number it must not come back. Entries count as committed because it acknowledged them, and leaders were elected by its
  /// vote; having forgotten either, it could help to elect a leader that does not have the entries, or a second one in the same term.
  ///
  /// After a crash meanwhile the log is still refused, and this can be run again.
  /// - Parameter identity: with a member number that the cluster has never used.
  /// - Returns: where the old files are now.
  /// - Throws: `.notFound` without a log; `.failedPrecondition` while it is in use, and when it is another cluster's or node's, the only
  ///   manager's, or of a member with this or a later number.
  package func rejoin(as identity: LogIdentity) throws -> String {
    guard LogDatabase.exists(dataDirectory: location.dataDirectory) else {
      throw WarrenError(.notFound, "\(location.dataDirectory) holds no cluster's log: there is nothing to replace")
    }
    let lock = try DirectoryLock(path: location.lock, dataDirectory: location.dataDirectory)
    defer { lock.release() }
    try undoInterrupted()
    if let (old, configuration) = try? readCopy({ (try LogSchema.readIdentity($0, location), try? LogSnapshotInfo.read($0, location).configuration) })
    {
      try check(identity, against: old)
      if configuration == old.alone {
        throw WarrenError(
          .failedPrecondition,
          "The log in \(location.directory) is that of the only manager: nobody else has what is in it. See: \(location.recoverCommand)")
      }
    }
    try FileSystem.removeDirectory(location.unfinished)
    let beginning = LogSnapshotInfo(index: 0, term: 0, configuration: ConfigurationState(), size: 0)
    try location.translating { try LogSchema.build(in: location.unfinished, identity: identity, snapshot: beginning) { _ in } }
    return try replace()
  }

  private func check(_ new: LogIdentity, against old: LogIdentity) throws {
    guard (new.clusterID, new.nodeID) == (old.clusterID, old.nodeID) else {
      throw WarrenError(
        .failedPrecondition,
        "The log in \(location.directory) is that of node \(old.nodeID) in cluster \(old.clusterID), not of \(new.nodeID) in \(new.clusterID)")
    }
    guard new.memberID > old.memberID else {
      throw WarrenError(.failedPrecondition, "Member \(old.memberID) cannot begin anew as \(new.memberID): numbers of members are never used again")
    }
  }
}
