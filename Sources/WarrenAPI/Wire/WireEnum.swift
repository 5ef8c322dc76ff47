import ClusterModel
import SwiftProtobuf

// The model's enums have the numbers of their counterparts in warren.proto, so one conversion serves them all.

extension SwiftProtobuf.Enum where RawValue == Int {
  init(_ value: some RawRepresentable<UInt8>) {
    // Open enums of proto3 accept every number.
    self = Self(rawValue: Int(value.rawValue)) ?? Self()
  }
}

extension RawRepresentable where RawValue == UInt8 {
  /// - Parameters:
  ///   - fallback: what "not given" (0) means; nil when the value must be given.
  ///   - field: the field's path for the message, as in warren.proto: `TaskSpec.network`.
  /// - Throws: `invalidArgument` for a number this version does not know. Guessing would change what was asked for, and would overwrite
  ///   the newer value when the object is stored again.
  init(wire: some SwiftProtobuf.Enum, default fallback: Self?, field: String) throws(WarrenError) {
    let number = wire.rawValue
    if number == 0 {
      guard let fallback else { throw WarrenError(.invalidArgument, "\(field) is not given; it has no default; set it") }
      self = fallback
    } else if let byte = UInt8(exactly: number), let known = Self(rawValue: byte) {
      self = known
    } else {
      throw WarrenError(
        .invalidArgument,
        "\(field) has the value \(number), which this version of Warren does not know; a newer version wrote it; upgrade Warren here")
    }
  }
}
