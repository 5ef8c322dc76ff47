import ClusterModel
import SwiftProtobuf
import WarrenAPI

extension StoreObject {
  var wireChange: Warren_V1_StoreChange.OneOf_Change? { nil }
}

extension Warren_V1_StoreChange.OneOf_Change {
  func object(_ index: LogIndex) throws -> any StoreObject { throw StoreCommand.tooNew(index, "") }
}

extension StoreView {
  func encodeSnapshot() throws -> [UInt8] { [] }
  init(snapshot: [UInt8], index: LogIndex) throws { self.init() }
}
extension Timestamp {
  var wire: SwiftProtobuf.Google_Protobuf_Timestamp {
    .init(seconds: nanosecondsSinceEpoch / 1_000_000_000, nanos: Int32(nanosecondsSinceEpoch % 1_000_000_000))
  }
  init(_ wire: SwiftProtobuf.Google_Protobuf_Timestamp) { self.init(seconds: wire.seconds, nanoseconds: wire.nanos) }
}
