import ClusterModel
import HashTreeCollections
import Raft
import SwiftProtobuf
import WarrenAPI

/// Snapshots: `warren.v1.StoreSnapshot`. Equal views encode to equal bytes.
extension StoreView {
  private static let format: UInt32 = 1

  func encodeSnapshot() throws -> [UInt8] {
    func sorted<Object: StoreObject>(_ table: StoreTable<Object>) -> [Object] { table.objects.values.sorted { $0.id < $1.id } }
    var message = Warren_V1_StoreSnapshot()
    try message.merge(serializedBytes: unknown.bytes)
    message.format = Self.format
    message.index = index
    if let cluster { message.cluster = cluster.wire }
    message.nodes = sorted(nodeTable).map(\.wire)
    message.services = sorted(serviceTable).map(\.wire)
    message.tasks = sorted(taskTable).map(\.wire)
    message.tokens = sorted(tokenTable).map(\.wire)
    message.secrets = sorted(secretTable).map(\.wire)
    message.volumes = sorted(volumeTable).map(\.wire)
    message.requests = requestAges.ordered.compactMap { requestTable[$0]?.wire }
    var options = BinaryEncodingOptions()
    options.useDeterministicOrdering = true
    return try message.serializedBytes(options: options)
  }

  /// - Throws: `.dataLoss` when the snapshot cannot be understood.
  init(snapshot bytes: [UInt8], index: LogIndex) throws {
    self.init()
    let message: Warren_V1_StoreSnapshot
    do { message = try Warren_V1_StoreSnapshot(serializedBytes: bytes) } catch {
      throw WarrenError(.dataLoss, "The snapshot at entry \(index) is not a snapshot. Restore a copy of the log, or report this.", cause: error)
    }
    guard message.format == Self.format else { throw Self.tooNew(index, "has format \(message.format)") }
    // Not every entry is a command: the log may be further than the last of them.
    guard message.index <= index else {
      throw WarrenError(.dataLoss, "The snapshot at entry \(index) is of entry \(message.index). Restore a copy of the log, or report this.")
    }
    do {
      if message.hasCluster { set(try Cluster(wire: message.cluster)) }
      for wire in message.nodes { set(try ClusterNode(wire: wire)) }
      for wire in message.services { set(try ClusterService(wire: wire)) }
      for wire in message.tasks { set(try ClusterTask(wire: wire)) }
      for wire in message.tokens { set(try JoinToken(wire: wire)) }
      for wire in message.secrets { set(try ClusterSecret(wire: wire)) }
      for wire in message.volumes { set(try ClusterVolume(wire: wire)) }
      for wire in message.requests { set(try RequestRecord(wire: wire)) }
    } catch { throw Self.tooNew(index, "holds a value unknown here (\(error))") }
    unknown = UnknownFields(Array(message.unknownFields.data))
    self.index = index
  }

  private static func tooNew(_ index: LogIndex, _ what: String) -> WarrenError {
    WarrenError(
      .dataLoss,
      "The snapshot at entry \(index) \(what): it was written by a newer version of warren. Nothing was changed. "
        + "Install that version (or a newer one) on this machine and start it again.")
  }
}
