package import ClusterModel
package import SwiftProtobuf

extension Timestamp {
  /// Moments that 64-bit nanoseconds cannot hold (before 1677, after 2262) become the nearest that they can.
  package init(wire: Google_Protobuf_Timestamp) {
    let whole = Timestamp(seconds: wire.seconds)
    let (sum, overflow) = whole.nanosecondsSinceEpoch.addingReportingOverflow(Int64(wire.nanos))
    self.init(nanosecondsSinceEpoch: overflow ? whole.nanosecondsSinceEpoch : sum)
  }

  package var wire: Google_Protobuf_Timestamp {
    let second: Int64 = 1_000_000_000
    var (seconds, nanos) = nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: second)
    if nanos < 0 { (seconds, nanos) = (seconds - 1, nanos + second) }
    return Google_Protobuf_Timestamp(seconds: seconds, nanos: Int32(nanos))
  }
}
