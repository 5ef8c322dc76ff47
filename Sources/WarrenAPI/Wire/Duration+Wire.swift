package import SwiftProtobuf

extension Duration {
  package init(wire: Google_Protobuf_Duration) {
    self = .seconds(wire.seconds) + .nanoseconds(Int64(wire.nanos))
  }

  /// Cut to whole nanoseconds.
  package var wire: Google_Protobuf_Duration {
    let (seconds, attoseconds) = components
    return Google_Protobuf_Duration(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
  }
}
