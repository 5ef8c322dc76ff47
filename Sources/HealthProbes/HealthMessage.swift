/// The two messages of `grpc.health.v1.Health/Check`, which have one field each, as gRPC frames them: not compressed (0), the length, protobuf.
enum HealthMessage {
  /// Printed as the protocol names it.
  struct Status: Hashable, CustomStringConvertible {
    static let serving = Status(number: 1)
    private static let names = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]

    let number: UInt64

    var description: String { number < Self.names.count ? Self.names[Int(number)] : "unknown health status \(number)" }
  }

  private enum WireType {
    static let varint: UInt64 = 0
    static let fixed64: UInt64 = 1
    static let bytes: UInt64 = 2
    static let fixed32: UInt64 = 5
  }

  static func request(service: String) -> [UInt8] {
    let name = Array(service.utf8)
    let message = name.isEmpty ? [] : [UInt8(1 << 3 | WireType.bytes)] + varint(name.count) + name
    return [0] + length(message.count) + message
  }

  /// nil when it is malformed. A status that is left out is 0, as always in protobuf.
  static func status(in framed: [UInt8]) -> Status? {
    var rest = framed.dropFirst(5)
    guard framed.count >= 5, framed[0] == 0, Array(framed[1..<5]) == length(rest.count) else { return nil }
    var status = Status(number: 0)
    while !rest.isEmpty {
      guard let key = varint(&rest) else { return nil }
      if key == 1 << 3 | WireType.varint {
        guard let number = varint(&rest) else { return nil }
        status = Status(number: number)
      } else if !skip(key & 7, &rest) {
        return nil
      }
    }
    return status
  }

  /// Past a field that a later version of the protocol may have.
  private static func skip(_ type: UInt64, _ bytes: inout ArraySlice<UInt8>) -> Bool {
    let count: UInt64? =
      switch type {
      case WireType.varint: varint(&bytes).map { _ in 0 }
      case WireType.fixed64: 8
      case WireType.bytes: varint(&bytes)
      case WireType.fixed32: 4
      default: nil
      }
    guard let count, count <= bytes.count else { return false }
    bytes = bytes.dropFirst(Int(count))
    return true
  }

  private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func varint(_ value: Int) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7f | 0x80)] + varint(value >> 7)
  }

  private static func length(_ count: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) } }
}
