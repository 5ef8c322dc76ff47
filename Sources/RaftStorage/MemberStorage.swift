package import ClusterModel
package import Raft

/// A log that knows whose it is and has words for what goes wrong: what a manager runs on.
///
/// Every call blocks until it is done and may sync the disk. `.resourceExhausted` says that there is no room and nothing was written, `.dataLoss`
/// that something is not what was written; after other errors of calls that write, the process must end.
package protocol MemberStorage: LogStorage, Sendable where Failure == WarrenError {
  var identity: LogIdentity { get }
  var location: LogLocation { get }
}
