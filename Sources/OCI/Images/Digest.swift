/// The SHA-256 of some content, written `sha256:<64 lower-case hex digits>`.
///
/// Only SHA-256: containerd's content store names everything by it, and registries use nothing else in practice.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  package let hex: String

  /// - Throws: `OCIError` saying what is wrong with the text.
  package init(_ text: String) throws(OCIError) {
    guard let colon = text.firstIndex(of: ":") else {
      throw OCIError("invalid digest \"\(text.clipped)\": expected sha256:<64 hexadecimal digits>")
    }
    let algorithm = text[..<colon]
    guard algorithm == "sha256" else {
      throw OCIError("unsupported digest algorithm \"\(String(algorithm).clipped)\": only sha256 is supported")
    }
    try self.init(hex: String(text[text.index(after: colon)...]))
  }

  package init(hex: String) throws(OCIError) {
    let bytes = hex.utf8
    guard bytes.count == 64, bytes.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      throw OCIError("invalid digest \"sha256:\(hex.clipped)\": expected 64 hexadecimal digits (0-9, a-f) after sha256:")
    }
    self.hex = hex
  }

  /// From the 32 bytes of a finished hash.
  package init(bytes: some Sequence<UInt8>) {
    let digits = Array("0123456789abcdef".utf8)
    hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  package var description: String { "sha256:\(hex)" }
  /// The first 12 digits, for people.
  package var short: String { String(hex.prefix(12)) }
}

extension Digest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do { try self.init(container.decode(String.self)) } catch let error as OCIError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
