/// What `.env` and the files of `env_file` hold: `KEY=VALUE` lines, with `#` for comments, `export` before the key, and quotes around the value
/// (https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax).
enum EnvironmentFile {
  /// Nil for a value that is that of the environment: a key alone in its line.
  typealias Entry = (key: String, value: String?)

  /// - Parameter expand: what becomes of a value that is not in single quotes; it is given the variables before it in the file, too.
  static func parse(
    _ text: String, file: String, expand: (String, [String: String], Place) throws -> String
  ) throws -> [Entry] {
    var entries: [Entry] = []
    var known: [String: String] = [:]
    func add(_ key: String, _ value: String) {
      entries.append((key, value))
      known[key] = value
    }
    var rest = text.unicodeScalars[...]
    var line = 0
    while !rest.isEmpty {
      line += 1
      let place = Place(file: file, line: line)
      let end = rest.firstIndex(of: "\n") ?? rest.endIndex
      let current = trimmed(rest[..<end])
      guard let first = current.first, first != "#" else {
        rest = rest[end...].dropFirst()
        continue
      }
      guard let separator = current.firstIndex(of: "=") else {
        entries.append((try key(current, place), nil))
        rest = rest[end...].dropFirst()
        continue
      }
      let key = try key(current[..<separator], place)
      rest = rest[current.index(after: separator)...]
      rest = rest.drop { $0 == " " || $0 == "\t" }
      if let quote = rest.first, quote == "'" || quote == "\"" {
        rest.removeFirst()
        let value = try quoted(&rest, quote, &line, place)
        add(key, quote == "'" ? value : try expand(value, known, place))
        let end = rest.firstIndex(of: "\n") ?? rest.endIndex
        let tail = trimmed(rest[..<end])
        if !tail.isEmpty, tail.first != "#" { throw DocumentError(place, "there is something behind the quote that ends the value; remove it") }
        rest = rest[end...].dropFirst()
      } else {
        let end = rest.firstIndex(of: "\n") ?? rest.endIndex
        add(key, try expand(String(uncommented(rest[..<end])), known, place))
        rest = rest[end...].dropFirst()
      }
    }
    return entries
  }

  private static func key(_ text: Substring.UnicodeScalarView, _ place: Place) throws -> String {
    var key = trimmed(text)
    let export = "export ".unicodeScalars
    if key.starts(with: export) { key = trimmed(key.dropFirst(export.count)) }
    if key.isEmpty || key.contains(where: { $0.properties.isWhitespace || $0 == "\0" }) {
      throw DocumentError(place, "this is no variable; write KEY=VALUE")
    }
    return String(key)
  }

  /// Up to the quote that ends it, in whichever line.
  private static func quoted(
    _ rest: inout Substring.UnicodeScalarView, _ quote: Unicode.Scalar, _ line: inout Int, _ place: Place
  ) throws -> String {
    var value = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      if scalar == quote { return String(value) }
      if scalar == "\n" { line += 1 }
      guard quote == "\"", scalar == "\\", let next = rest.popFirst() else {
        value.append(scalar)
        continue
      }
      switch next {
      case "n": value.append("\n")
      case "r": value.append("\r")
      case "t": value.append("\t")
      case "\"", "\\": value.append(next)
      // It is expanded yet.
      case "$": value += "$$".unicodeScalars
      default: value += [scalar, next]
      }
    }
    throw DocumentError(place, "the value's quote has no end; write \(quote) behind it")
  }

  /// A comment is what follows a # with a blank before it.
  private static func uncommented(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
    var previous: Unicode.Scalar? = " "
    for (index, scalar) in zip(text.indices, text) {
      if scalar == "#", previous == " " || previous == "\t" { return trimmed(text[..<index]) }
      previous = scalar
    }
    return trimmed(text)
  }

  private static func trimmed(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
    let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
  }
}
