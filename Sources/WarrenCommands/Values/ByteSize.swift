/// Sizes in bytes as people write them: `64MiB`, `1.5g`, `4096`. Every unit is a power of 1024, as with docker.
enum ByteSize {
  private static let exponents: [String: Int] = [
    "": 0, "b": 0, "k": 1, "kb": 1, "kib": 1, "m": 2, "mb": 2, "mib": 2, "g": 3, "gb": 3, "gib": 3, "t": 4, "tb": 4, "tib": 4,
  ]

  static func parse(_ text: String) throws -> Int64 {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(number.count).lowercased()
    guard let exponent = exponents[unit] else { throw ValueError("unknown unit '\(unit)' in size '\(text)'; use for example 64MiB or 1GiB") }
    let scale = Int64(1) << (10 * Int64(exponent))
    guard let bytes = Decimal9(number)?.scaled(by: scale) else { throw ValueError("'\(text)' is not a size; use for example 64MiB or 1GiB") }
    return bytes
  }
}
