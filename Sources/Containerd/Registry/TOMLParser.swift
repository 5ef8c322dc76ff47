import ClusterModel

/// Reads the part of TOML 1.0 that containerd's `hosts.toml` files are written in (https://toml.io/en/v1.0.0).
///
/// In: comments, `[table]` headers and keys with bare, quoted and dotted parts, basic and literal strings on one line, integers,
/// booleans, arrays (nested, over several lines). Not in, refused with the line: inline tables, arrays of tables, multi-line strings, floats, dates.
struct TOMLParser {
  private let bytes: [UInt8]
  private let path: String
  private var position = 0
  private var line = 1

  private init(_ text: String, path: String) {
    bytes = Array(text.utf8)
    self.path = path
  }

  /// - Parameter path: the file's name, for errors.
  static func parse(_ text: String, path: String) throws -> TOMLTable {
    var parser = TOMLParser(text, path: path)
    return try parser.document()
  }

  private mutating func document() throws -> TOMLTable {
    var root = TOMLTable()
    var prefix: [String] = []
    while true {
      skipBlank(acrossLines: true)
      guard let byte = peek else { return root }
      if byte == UInt8(ascii: "[") {
        position += 1
        guard peek != UInt8(ascii: "[") else { throw failure("arrays of tables are not supported") }
        prefix = try dottedKey()
        try expect("]")
        guard root.insert(.table(TOMLTable()), at: prefix[...]) else { throw failure("\"\(prefix.joined(separator: "."))\" is defined twice") }
      } else {
        let key = prefix + (try dottedKey())
        try expect("=")
        let value = try value(depth: 0)
        guard root.insert(value, at: key[...]) else { throw failure("\"\(key.joined(separator: "."))\" is defined twice") }
      }
      skipBlank(acrossLines: false)
      guard peek == nil || peek == UInt8(ascii: "\n") else { throw failure("unexpected text after the value") }
    }
  }

  private mutating func dottedKey() throws -> [String] {
    var parts: [String] = []
    repeat {
      skipBlank(acrossLines: false)
      if peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") {
        parts.append(try string())
      } else {
        let start = position
        while let byte = peek, byte.isBareKey { position += 1 }
        guard position > start else { throw failure("a key was expected") }
        parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
      }
      skipBlank(acrossLines: false)
    } while take(".")
    return parts
  }

  private mutating func value(depth: Int) throws -> TOMLValue {
    guard depth < 16 else { throw failure("arrays are nested too deeply") }
    skipBlank(acrossLines: false)
    switch peek {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "{"): throw failure("inline tables are not supported: write a [table] instead")
    default:
      let start = position
      while let byte = peek, byte.isBareKey || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") { position += 1 }
      let word = String(decoding: bytes[start..<position], as: UTF8.self)
      if word == "true" || word == "false" { return .boolean(word == "true") }
      guard let number = Int(word.filter { $0 != "_" }) else { throw failure("\"\(word)\" is not a string, an integer, a boolean or an array") }
      return .integer(number)
    }
  }

  private mutating func array(depth: Int) throws -> [TOMLValue] {
    position += 1
    var elements: [TOMLValue] = []
    while true {
      skipBlank(acrossLines: true)
      if take("]") { return elements }
      elements.append(try value(depth: depth + 1))
      skipBlank(acrossLines: true)
      if take(",") { continue }
      try expect("]")
      return elements
    }
  }

  private mutating func string() throws -> String {
    let quote = bytes[position]
    if bytes[position...].starts(with: [quote, quote, quote]) { throw failure("strings over several lines are not supported") }
    position += 1
    var content: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\n") {
      position += 1
      if byte == quote { return String(decoding: content, as: UTF8.self) }
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { content += try escape() } else { content.append(byte) }
    }
    throw failure("a string is not closed")
  }

  private mutating func escape() throws -> [UInt8] {
    guard let byte = peek else { throw failure("a string is not closed") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte]
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let digits = bytes[position...].prefix(byte == UInt8(ascii: "u") ? 4 : 8)
      guard let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16), let scalar = Unicode.Scalar(code) else {
        throw failure("invalid Unicode escape")
      }
      position += digits.count
      return Array(String(Character(scalar)).utf8)
    default: throw failure("unknown escape \\\(Character(Unicode.Scalar(byte)))")
    }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    skipBlank(acrossLines: false)
    guard take(character) else { throw failure("\"\(character)\" was expected") }
  }

  private mutating func skipBlank(acrossLines: Bool) {
    while let byte = peek {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "#"): while let next = peek, next != UInt8(ascii: "\n") { position += 1 }
      case UInt8(ascii: "\n") where acrossLines:
        line += 1
        position += 1
      default: return
      }
    }
  }

  private func failure(_ reason: String) -> WarrenError {
    WarrenError(.invalidArgument, "\(path):\(line): \(reason). Correct the file and try again.")
  }
}

extension UInt8 {
  fileprivate var isBareKey: Bool {
    (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self) || self == UInt8(ascii: "_") || self == UInt8(ascii: "-")
  }
}
