package import ClusterModel
package import ClusterSecurity
import Crypto
import FoundationEssentials
package import Raft
import SwiftProtobuf
package import WarrenAPI

/// A cluster's state with the keys that open what is sealed in it: enough to bring the cluster back on machines that have nothing of it.
///
/// The file is: `warren-backup 1` and a newline; 4 bytes, the length of the header (big endian); the header (`warren.v1.BackupHeader`); the
/// state (`warren.v1.StoreSnapshot`); the SHA-256 of all that.
package struct Backup: Sendable {
  static let magic = Array("warren-backup 1\n".utf8)
  static let digestSize = 32

  package var header: Warren_V1_BackupHeader
  package var state: [UInt8]

  /// - Parameter term: at the time; a log that begins with the backup goes on in it.
  package init(_ view: StoreView, term: Term, madeBy node: NodeID, version: String, at now: Timestamp, keys: SealingKeyring) throws {
    guard let cluster = view.cluster else { throw WarrenError(.failedPrecondition, "there is no cluster yet that could be backed up; try again") }
    state = try view.encodeSnapshot()
    header = .with {
      $0.clusterID = cluster.id.rawValue
      $0.madeAt = now.wire
      $0.nodeID = node.rawValue
      $0.version = version
      $0.index = view.index
      $0.term = term
      $0.sealingKeys = keys.text
    }
    header.size = UInt64(state.count)
  }

  init(header: Warren_V1_BackupHeader, state: [UInt8]) {
    self.header = header
    self.state = state
  }

  package var cluster: ClusterID { ClusterID(header.clusterID) }
  package var madeAt: Timestamp { Timestamp(wire: header.madeAt) }

  /// What is sealed in the state is opened with these.
  /// - Throws: `dataLoss` when the backup has none that can be read.
  package func sealingKeys() throws(WarrenError) -> SealingKeyring {
    do { return try SealingKeyring(text: header.sealingKeys) } catch {
      throw WarrenError(.dataLoss, "the backup has no sealing keys that can be read; take another backup")
    }
  }

  /// The state, checked as far as a manager can check it: it is of the cluster that the header names, and its authority opens with the keys.
  /// - Throws: `dataLoss`; nobody can use it then.
  package func view() throws -> StoreView {
    let view = try StoreView(snapshot: state, index: header.index)
    guard let stored = view.cluster, stored.id == cluster, let authority = stored.authority else {
      throw WarrenError(.dataLoss, "the state in the backup is not that of cluster \(cluster); take another backup")
    }
    _ = try CertificateAuthority(authority, cluster: cluster, sealedWith: try sealingKeys())
    return view
  }

  /// The file, piece by piece.
  package func write(pieces size: Int = 256 << 10, _ body: ([UInt8]) async throws -> Void) async throws {
    let header: [UInt8] = try header.serializedBytes()
    let length = (0..<4).reversed().map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    var digest = SHA256()
    let head = Self.magic + length + header
    digest.update(data: head)
    try await body(head)
    for start in stride(from: 0, to: state.count, by: size) {
      let piece = Array(state[start..<min(start + size, state.count)])
      digest.update(data: piece)
      try await body(piece)
    }
    try await body(Array(digest.finalize()))
  }
}
