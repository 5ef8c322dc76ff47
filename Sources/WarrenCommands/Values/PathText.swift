/// A path that an option takes. An empty one is a script's unset variable, and would mean the working directory.
enum PathText {
  static func parse(_ text: String) throws -> String {
    guard !text.isEmpty, !text.contains("\0") else { throw ValueError("that is no path; leave the option out for the default") }
    return text
  }
}
