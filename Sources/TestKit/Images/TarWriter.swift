/// Builds small ustar archives in memory.
package struct TarWriter {
  private var bytes: [UInt8] = []

  package init() {}

  package mutating func directory(_ path: String) { header(path, size: 0, type: "5", mode: 0o755, link: "") }
  package mutating func symbolicLink(_ path: String, to target: String) { header(path, size: 0, type: "2", mode: 0o777, link: target) }
  package mutating func hardLink(_ path: String, to target: String) { header(path, size: 0, type: "1", mode: 0o644, link: target) }

  package mutating func file(_ path: String, _ content: [UInt8], mode: Int = 0o644) { entry(path, type: "0", content, mode: mode) }

  /// Any type of entry with content, such as pax records (`x`) or GNU's long names (`L`).
  package mutating func entry(_ path: String, type: Unicode.Scalar, _ content: [UInt8], mode: Int = 0o644) {
    header(path, size: content.count, type: type, mode: mode, link: "")
    bytes += content
    bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// The archive, with the two blocks of zeros at its end.
  package func finish() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

  private mutating func header(_ path: String, size: Int, type: Unicode.Scalar, mode: Int, link: String) {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int, _ width: Int) { block.replaceSubrange(offset..<offset + width, with: Self.field(text, width)) }
    func octal(_ value: Int, _ width: Int) -> String {
      let digits = String(value, radix: 8)
      return String(repeating: "0", count: max(0, width - 1 - digits.count)) + digits
    }
    put(path, at: 0, 100)
    put(octal(mode, 8), at: 100, 8)
    put(octal(0, 8), at: 108, 8)
    put(octal(0, 8), at: 116, 8)
    put(octal(size, 12), at: 124, 12)
    put(octal(0, 12), at: 136, 12)
    put("        ", at: 148, 8)
    block[156] = UInt8(ascii: type)
    put(link, at: 157, 100)
    put("ustar\0" + "00", at: 257, 8)
    let sum = block.reduce(0) { $0 + Int($1) }
    put(octal(sum, 7) + "\0 ", at: 148, 8)
    bytes += block
  }

  private static func field(_ text: String, _ width: Int) -> [UInt8] {
    let all = Array(text.utf8.prefix(width))
    return all + [UInt8](repeating: 0, count: width - all.count)
  }
}
