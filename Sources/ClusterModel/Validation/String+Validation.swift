extension String {
  /// In double quotes, with control characters escaped and long text cut, fit for an error message.
  package var quoted: String {
    let limit = 80
    var text = ""
    for scalar in unicodeScalars.prefix(limit) { text += scalar.escaped(asASCII: false) }
    return "\"\(text)\(unicodeScalars.count > limit ? "…" : "")\""
  }

  /// Without blanks and tabs at both ends.
  var trimmedBlanks: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }

  var hasNUL: Bool { utf8.contains(0) }

  /// Whether this is an absolute path without `..` or NUL.
  var isCleanAbsolutePath: Bool {
    hasPrefix("/") && !hasNUL && !split(separator: "/").contains("..")
  }

  /// One spelling per place: no doubled and no trailing slashes, no `.`.
  var normalisedPath: String { "/" + split(separator: "/").filter { $0 != "." }.joined(separator: "/") }

  /// Why this is no DNS label (RFC 1123: 1 to 63 letters, digits and hyphens, none at an end); nil when it is one.
  package var whyNotDNSLabel: String? {
    if isEmpty { return "it is empty" }
    if let bad = unicodeScalars.first(where: { !($0.isASCIIAlphanumeric || $0 == "-") }) { return "it contains \(String(bad).quoted)" }
    if utf8.count > 63 { return "it has \(utf8.count) characters" }
    if hasPrefix("-") { return "it starts with a hyphen" }
    if hasSuffix("-") { return "it ends with a hyphen" }
    return nil
  }
}

extension Unicode.Scalar {
  var isASCIIAlphanumeric: Bool {
    ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self)
  }
}

extension WarrenError {
  /// `what; why; what to do`, the shape of every message about bad input.
  package static func invalid(_ what: String, _ why: String, _ remedy: String) -> WarrenError {
    WarrenError(.invalidArgument, "\(what); \(why); \(remedy)")
  }
}
