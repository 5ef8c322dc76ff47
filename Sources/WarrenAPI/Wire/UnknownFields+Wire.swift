import ClusterModel
import SwiftProtobuf

extension UnknownFields {
  /// What a newer version wrote into the message and this one does not know.
  init(of message: some SwiftProtobuf.Message) {
    self.init(Array(message.unknownFields.data))
  }
}

extension SwiftProtobuf.Message {
  /// Puts fields back that were kept by `UnknownFields(of:)`.
  mutating func restore(_ unknown: UnknownFields) {
    if unknown.bytes.isEmpty { return }
    // Cannot fail: the parser itself delimited these bytes when the message was read.
    try? merge(serializedBytes: unknown.bytes)
  }
}
