/// The options of the line so far that say which cluster is meant.
enum CompletionConnection {
  static func arguments(_ line: [String]) -> [String] {
    line.enumerated().flatMap { index, argument in
      if argument.hasPrefix("--socket=") || argument.hasPrefix("--manager=") { return [argument] }
      guard ["--socket", "--manager"].contains(argument), index + 1 < line.count else { return [] }
      return [argument, line[index + 1]]
    }
  }
}
