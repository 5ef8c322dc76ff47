import ClusterModel

/// One call over ttrpc, which shims speak in place of gRPC: a frame each way, with a header of 10 bytes.
/// https://github.com/containerd/ttrpc/blob/main/PROTOCOL.md
struct TTRPCCall: Sendable {
  var service: String
  var method: String
  var payload: [UInt8]

  private static let headerSize = 10
  private static let requestType: UInt8 = 1
  /// The largest message that the protocol allows.
  private static let sizeLimit = 4 << 20

  /// The request on the connection's first stream.
  var frame: [UInt8] {
    var message: [UInt8] = []
    for (field, bytes) in [(1, Array(service.utf8)), (2, Array(method.utf8)), (3, payload)] {
      message += [UInt8(field << 3 | 2)] + Self.varint(UInt64(bytes.count)) + bytes
    }
    let size = UInt32(message.count)
    let header = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } + [0, 0, 0, 1, Self.requestType, 0]
    return header + message
  }

  /// - Returns: the answer's payload, nil until all of it is there.
  /// - Throws: `WarrenError` with the shim's words when it refused, `.dataLoss` when this is no answer.
  static func answer(in bytes: [UInt8]) throws -> [UInt8]? {
    guard bytes.count >= headerSize else { return nil }
    let size = bytes[0..<4].reduce(0) { $0 << 8 | Int($1) }
    guard size <= sizeLimit else { throw malformed }
    guard bytes.count >= headerSize + size else { return nil }
    let fields = try fields(of: bytes[headerSize..<(headerSize + size)])
    if let status = fields[1] {
      let words = try Self.fields(of: status[...])[2] ?? []
      if !status.isEmpty { throw WarrenError(.internalError, "the shim refused: \(String(decoding: words, as: UTF8.self))") }
    }
    return fields[2] ?? []
  }

  private static let malformed = WarrenError(.dataLoss, "the shim's answer is no ttrpc message")

  /// A protobuf message's fields that have a length, by number; the others are passed over.
  private static func fields(of message: ArraySlice<UInt8>) throws -> [UInt64: [UInt8]] {
    var rest = message
    var result: [UInt64: [UInt8]] = [:]
    while !rest.isEmpty {
      let key = try takeVarint(&rest)
      switch key & 7 {
      case 0: _ = try takeVarint(&rest)
      case 2:
        guard let size = Int(exactly: try takeVarint(&rest)), size <= rest.count else { throw malformed }
        result[key >> 3] = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
      default: throw malformed
      }
    }
    return result
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7f) | 0x80] + varint(value >> 7)
  }

  private static func takeVarint(_ bytes: inout ArraySlice<UInt8>) throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { throw malformed }
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte & 0x80 == 0 { return value }
    }
    throw malformed
  }
}
