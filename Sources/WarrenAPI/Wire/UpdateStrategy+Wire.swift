import ClusterModel
import SwiftProtobuf

extension UpdatePolicy.Strategy {
  private enum Name: UInt8 { case rolling = 1, blueGreen, canary }

  /// - Parameter message: whose fields they are.
  init(
    _ strategy: Warren_V1_UpdateStrategy, keep: Google_Protobuf_Duration, weights: [UInt32], of message: String
  ) throws(WarrenError) {
    self =
      switch try Name(wire: strategy, default: .rolling, field: "\(message).strategy") {
      case .rolling: .rolling
      case .blueGreen: .blueGreen(keep: Duration(wire: keep))
      case .canary: .canary(weights: weights.map { Int($0) })
      }
  }

  var wire: Warren_V1_UpdateStrategy {
    switch self {
    case .rolling: .unspecified
    case .blueGreen: .blueGreen
    case .canary: .canary
    }
  }

  var keep: Google_Protobuf_Duration? { if case .blueGreen(let keep) = self { keep.wire } else { nil } }

  var weights: [UInt32] { if case .canary(let weights) = self { weights.map { UInt32(clamping: $0) } } else { [] } }
}
