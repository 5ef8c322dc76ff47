package import ClusterModel
import Raft

/// Whose log a database holds; written once, when it is made.
package struct LogIdentity: Sendable, Equatable {
  package var clusterID: ClusterID
  package var nodeID: NodeID
  /// The number of this member among the cluster's managers; never reused.
  package var memberID: UInt64

  package init(clusterID: ClusterID, nodeID: NodeID, memberID: UInt64 = 1) {
    self.clusterID = clusterID
    self.nodeID = nodeID
    self.memberID = memberID
  }

  /// The members of a cluster that has no others.
  var alone: ConfigurationState { ConfigurationState(voters: [MemberID(rawValue: memberID)]) }

  func checksum(format: UInt64) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(format)
    checksum.update(memberID)
    checksum.update(Array(clusterID.rawValue.utf8))
    checksum.update([0])
    checksum.update(Array(nodeID.rawValue.utf8))
    return checksum.value
  }
}
