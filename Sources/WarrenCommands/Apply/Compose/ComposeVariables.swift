/// `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR:?message}`, `${VAR:+other}`, the three without the colon (for which an empty variable counts
/// as set), and `$$` for a dollar (https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md).
struct ComposeVariables {
  /// Nil for a variable that is not set.
  let lookup: (String) -> String?
  private static let deepest = 16

  /// - Parameter missing: told of variables that are not set and have no default: they are empty.
  func expand(_ text: String, missing: (String) -> Void) throws(ValueError) -> String {
    if !text.utf8.contains(UInt8(ascii: "$")) { return text }
    return try expand(Array(text.unicodeScalars)[...], depth: 0, missing: missing)
  }

  private func expand(_ text: ArraySlice<Unicode.Scalar>, depth: Int, missing: (String) -> Void) throws(ValueError) -> String {
    if depth > Self.deepest { throw ValueError("variables are nested too deeply; at most \(Self.deepest) levels are allowed") }
    var result = String.UnicodeScalarView()
    var rest = text
    while let scalar = rest.popFirst() {
      guard scalar == "$" else {
        result.append(scalar)
        continue
      }
      switch rest.first {
      case "$":
        rest.removeFirst()
        result.append("$")
      case "{":
        rest.removeFirst()
        result += try braced(&rest, depth, missing).unicodeScalars
      case let next? where Self.beginsName(next): result += value(of: Self.name(&rest), missing).unicodeScalars
      default: throw ValueError("a $ is followed by no variable; write $$ for a dollar, or ${NAME}")
      }
    }
    return String(result)
  }

  /// What stands between `${` and its `}`, which is taken off as well.
  private func braced(_ rest: inout ArraySlice<Unicode.Scalar>, _ depth: Int, _ missing: (String) -> Void) throws(ValueError) -> String {
    guard let first = rest.first, Self.beginsName(first) else { throw ValueError("'${' is followed by no variable's name; write $$ for a dollar") }
    let name = Self.name(&rest)
    if rest.first == "}" {
      rest.removeFirst()
      return value(of: name, missing)
    }
    let countsEmpty = rest.first != ":"
    if !countsEmpty { rest.removeFirst() }
    guard let op = rest.popFirst(), "-?+".unicodeScalars.contains(op) else {
      throw ValueError("'${\(name)' is not ended by }, nor followed by one of :- - :? ? :+ +; for example ${\(name):-default}")
    }
    let word = try Self.word(&rest, of: name)
    let found = lookup(name)
    let isSet = found.map { countsEmpty || !$0.isEmpty } ?? false
    switch op {
    case "+": return isSet ? try expand(word, depth: depth + 1, missing: missing) : ""
    case _ where isSet: return found ?? ""
    case "-": return try expand(word, depth: depth + 1, missing: missing)
    default:
      let reason = try expand(word, depth: depth + 1, missing: missing)
      throw ValueError("variable \(name) is required\(reason.isEmpty ? "" : ": \(reason)"); set it in the environment or in .env")
    }
  }

  private func value(of name: String, _ missing: (String) -> Void) -> String {
    if let value = lookup(name) { return value }
    missing(name)
    return ""
  }

  /// Up to the `}` that ends it: other variables may stand in it.
  private static func word(_ rest: inout ArraySlice<Unicode.Scalar>, of name: String) throws(ValueError) -> ArraySlice<Unicode.Scalar> {
    var depth = 0
    var previous: Unicode.Scalar?
    for (index, scalar) in zip(rest.indices, rest) {
      if scalar == "{", previous == "$" { depth += 1 }
      if scalar == "}" {
        if depth == 0 {
          let word = rest[..<index]
          rest = rest[(index + 1)...]
          return word
        }
        depth -= 1
      }
      previous = scalar
    }
    throw ValueError("'${\(name)' has no end; write } behind it")
  }

  private static func beginsName(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
  }

  private static func name(_ rest: inout ArraySlice<Unicode.Scalar>) -> String {
    let name = rest.prefix { beginsName($0) || ("0"..."9").contains($0) }
    rest = rest.dropFirst(name.count)
    return String(String.UnicodeScalarView(name))
  }
}
