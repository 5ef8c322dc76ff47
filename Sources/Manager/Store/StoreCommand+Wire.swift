import ClusterModel
import Raft
import SwiftProtobuf
import WarrenAPI

/// Commands as they are in the log: `warren.v1.StoreCommand`.
extension StoreCommand {
  /// The format this version writes and the newest it reads.
  static let format: UInt32 = 1

  func serialized() throws -> [UInt8] {
    var message = Warren_V1_StoreCommand()
    message.format = Self.format
    message.proposedAt = proposedAt.wire
    message.changes = changes.map { change in
      var wire = Warren_V1_StoreChange()
      switch change {
      case .put(let object, let expected):
        wire.expectedVersion = expected
        wire.change = object.wireChange
      case .remove(let key, let expected):
        wire.expectedVersion = expected
        wire.remove = key.wire
      case .check(let key, let expected):
        wire.expectedVersion = expected
        wire.check = key.wire
      }
      return wire
    }
    return try message.serializedBytes()
  }

  /// - Throws: `.dataLoss` when the command cannot be understood. To skip it would make this manager differ from the others.
  init(serialized bytes: [UInt8], index: LogIndex) throws {
    let message: Warren_V1_StoreCommand
    do { message = try Warren_V1_StoreCommand(serializedBytes: bytes) } catch {
      throw WarrenError(.dataLoss, "Entry \(index) of the cluster's log is not a command. Restore a copy of the log, or report this.", cause: error)
    }
    guard message.format == Self.format else { throw Self.tooNew(index, "has format \(message.format)") }
    proposedAt = Timestamp(wire: message.proposedAt)
    changes = try message.changes.map { wire in
      guard let change = wire.change, wire.unknownFields.data.isEmpty else { throw Self.tooNew(index, "makes a change unknown here") }
      switch change {
      case .remove(let reference): return .remove(try StoreObjectKey(reference, index), expected: wire.expectedVersion)
      case .check(let reference): return .check(try StoreObjectKey(reference, index), expected: wire.expectedVersion)
      default: return .put(try change.object(index), expected: wire.expectedVersion)
      }
    }
  }

  static func tooNew(_ index: LogIndex, _ what: String) -> WarrenError {
    WarrenError(
      .dataLoss,
      "Entry \(index) of the cluster's log \(what): it was written by a newer version of warren. Nothing was changed. "
        + "Install that version (or a newer one) on this machine and start it again.")
  }
}

extension StoreObjectKey {
  var wire: Warren_V1_ObjectReference {
    var reference = Warren_V1_ObjectReference()
    reference.kind = Warren_V1_ObjectKind(rawValue: Int(kind.rawValue)) ?? .unspecified
    reference.id = id
    return reference
  }

  init(_ wire: Warren_V1_ObjectReference, _ index: LogIndex) throws {
    guard let number = UInt8(exactly: wire.kind.rawValue), let kind = StoreObjectKind(rawValue: number) else {
      throw StoreCommand.tooNew(index, "names an object of the unknown kind \(wire.kind.rawValue)")
    }
    self.init(kind: kind, id: wire.id)
  }
}
