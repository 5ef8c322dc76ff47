/// `KEY=VALUE` as `--env`, `--label` and `--ulimit` take it.
enum KeyValue {
  /// An environment variable, unchanged when it is one.
  static func parseEnvironment(_ text: String) throws -> String {
    let (key, _) = try split(text, what: "an environment variable", example: "LOG_LEVEL=info")
    guard !key.contains(where: \.isWhitespace) else { throw ValueError("the name in '\(text)' contains white space; use for example LOG_LEVEL=info") }
    guard !text.contains("\0") else { throw ValueError("'\(key)' contains a zero byte, which no process can be given") }
    return text
  }

  static func parseLabel(_ text: String) throws -> (key: String, value: String) {
    let pair = try split(text, what: "a label", example: "zone=a")
    guard !pair.key.contains(where: \.isWhitespace) else { throw ValueError("the key in '\(text)' contains white space; use for example zone=a") }
    return pair
  }

  static func split(_ text: String, what: String, example: String) throws -> (key: String, value: String) {
    guard let index = text.firstIndex(of: "="), index != text.startIndex else {
      throw ValueError("'\(text)' is not \(what): it must be KEY=VALUE, for example \(example)")
    }
    return (String(text[..<index]), String(text[text.index(after: index)...]))
  }
}
