package import ClusterModel
package import SwiftProtobuf

extension Timestamp {
  /// Moments that 64-bit nanoseconds cannot hold (before 1677, after 2262) become the nearest that they can.
  package init(wire: Google_Protobuf_Timestamp) {
    // A whole second towards zero, so that the rest cannot carry what fits out of range on the way.
    let backwards = wire.seconds < 0 && wire.nanos > 0
    let whole = Timestamp(seconds: backwards ? wire.seconds + 1 : wire.seconds).nanosecondsSinceEpoch
    let (sum, overflow) = whole.addingReportingOverflow(Int64(wire.nanos) - (backwards ? 1_000_000_000 : 0))
    self.init(nanosecondsSinceEpoch: overflow ? whole : sum)
  }

  package var wire: Google_Protobuf_Timestamp {
    let second: Int64 = 1_000_000_000
    var (seconds, nanos) = nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: second)
    if nanos < 0 { (seconds, nanos) = (seconds - 1, nanos + second) }
    return Google_Protobuf_Timestamp(seconds: seconds, nanos: Int32(nanos))
  }
}
