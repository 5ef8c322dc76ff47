import ClusterModel

/// One 512-byte header of a tar archive: ustar, with GNU's large numbers. https://www.gnu.org/software/tar/manual/html_node/Standard.html
struct TarHeader: Hashable, Sendable {
  static let size = 512

  var path: String
  var link: String
  var size: Int64
  /// The type flag: `0` file, `1` hard link, `2` symbolic link, `5` directory, `x` `g` pax records, `L` `K` GNU's long names.
  var type: UInt8

  /// - Returns: nil for the block of zeros that ends an archive.
  /// - Throws: `WarrenError` if this is no tar header.
  init?(_ block: [UInt8]) throws {
    guard block.count == Self.size else { throw TarReader.truncated }
    guard block.contains(where: { $0 != 0 }) else { return nil }
    let sum = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int64($1.element)) }
    guard (try? Self.number(block[148..<156])) == sum else { throw TarReader.damaged("it is not a tar archive, or a header in it is damaged") }
    size = try Self.number(block[124..<136])
    guard size >= 0 else { throw TarReader.damaged("a size is negative") }
    type = block[156] == 0 ? UInt8(ascii: "0") : block[156]
    link = Self.text(block[157..<257])
    let name = Self.text(block[0..<100])
    let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
    let prefix = isPOSIX ? Self.text(block[345..<500]) : ""
    path = prefix.isEmpty ? name : "\(prefix)/\(name)"
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }

  /// Octal text, or a big-endian number if the highest bit is set.
  private static func number(_ field: ArraySlice<UInt8>) throws -> Int64 {
    guard let first = field.first else { return 0 }
    if first & 0x80 != 0 {
      guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { throw TarReader.damaged("a number is too large") }
      let value = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard let signed = Int64(exactly: value) else { throw TarReader.damaged("a number is too large") }
      return signed
    }
    let digits = String(decoding: field.filter { $0 != 0 && $0 != UInt8(ascii: " ") }, as: UTF8.self)
    if digits.isEmpty { return 0 }
    guard let value = Int64(digits, radix: 8) else { throw TarReader.damaged("\"\(digits)\" is not an octal number") }
    return value
  }
}
